/** Chinese, simplified, traditional and in pinyin. */
import type { Lexicon } from '../lexicon.ts';

export const CHINESE: Lexicon = {
  language: 'zh',
  says: {
    'pii.email':
      '邮箱, 电子邮箱, 电子邮件, 邮件地址, 邮箱地址, 電子郵件, 信箱, 電郵, 電子信箱, youxiang, dianzi youxiang, dianziyoujian',
    'pii.phone': `电话, 手机, 手机号, 手机号码, 电话号码, 联系电话, 联系方式, 電話, 電話號碼, 手機, 手機號碼, 传真, 固定电话, 固话, shouji, shoujihao, dianhua,
      lianxidianhua, 座机, 联络电话, 微信号, 微信, 聯絡電話, shouji hao, lianxi dianhua`,
    'pii.name': `姓名, 名字, 姓, 真实姓名, 用户名, 昵称, 客户姓名, 客户名称个人, 患者姓名, 学生姓名, 员工姓名, 联系人, 联系人姓名, 收件人, 收货人, 寄件人, 持卡人, 户名, 账户名, 開戶名, 曾用名,
      用戶名, 暱稱, xingming, xing ming, nicheng, zhenshi xingming, 紧急联系人, 法人姓名, 监护人, 负责人, 经办人, 聯絡人, 收件人姓名, 父亲姓名, 母亲姓名,
      教师姓名, yonghuming, 主治医生, 主治医师, 医生姓名, 登录名, 登录账号, 账号名, 作者姓名, 申请人, 审批人, 创建人, 操作人, 业主姓名`,
    'pii.address': `地址, 住址, 家庭住址, 家庭地址, 收货地址, 通讯地址, 联系地址, 邮编, 邮政编码, 街道, 门牌号, 居住地址, 户籍地址, 户籍, 籍贯, 送货地址, 寄送地址, 郵遞區號, 戶籍地址, 通訊地址,
      dizhi, youbian, 详细地址, 现住址, 出生地, 小区, jiating zhuzhi, lianxi dizhi, 户口所在地`,
    'pii.national-id': `身份证, 身份证号, 身份证号码, 证件号, 证件号码, 身分證, 身分證字號, 身份證, 身份證號, 社保号, 社会保障号, 社保卡号, 驾驶证号, 医保卡号, shenfenzheng, shenfenzhenghao,
      sfz, sfzh, sfzhm, zhengjianhao, 纳税人识别号个人, 居民身份证, 统一编号, idcard, idcardno, id card no, 医保号`,
    'pii.passport': '护照, 护照号, 护照号码, 護照, 護照號碼, huzhao, huzhaohao',
    'pii.ip': 'ip地址, 登录ip, 登陆ip',
    'pii.location': '经度, 纬度, 坐标, 經度, 緯度, 定位, jingdu, weidu, 经纬度',
    'pii.health': `诊断, 疾病, 病史, 过敏, 过敏史, 药物, 药品, 处方, 血型, 症状, 病情, 治疗, 残疾, 怀孕, 疫苗, 主诉, 既往史, 诊断结果, 检查结果, 診斷, 病歷, 病历, 門診, 血压, 健康状况, 用药,
      临床诊断, 现病史, 医嘱`,
    'pii.birth-date': '出生日期, 生日, 出生年月, 出生年月日, 出生年份, 出生時間, chusheng riqi, chushengriqi, shengri, 出生',
    'pii.free-text': `备注, 備註, 留言, 评论, 評論, 消息, 内容正文, 意见, 反馈, 反馈内容, 投诉内容, 个人简介, 自我介绍, 聊天记录, beizhu, liuyan, 说明备注, 买家留言, 评语, 个性签名, 简历,
      回访记录, 评价内容, 咨询内容, 建议`,
    'financial.card': '卡号, 银行卡, 银行卡号, 信用卡号, 信用卡, 卡號, 銀行卡號, yinhangka, yinhangkahao, kahao, 安全码',
    'financial.iban': '银行账号, 银行账户, 账号银行, 开户账号, 收款账号, 銀行帳號, 帳號, 銀行帳戶, 银行帐号, 对公账号',
    'financial.salary':
      '工资, 薪水, 薪资, 月薪, 年薪, 基本工资, 收入, 年收入, 奖金, 薪酬, 薪資, gongzi, xinzi, 实发工资, 应发工资, 绩效工资, 底薪, 月收入, 津贴',
    secret: '密码, 密碼, 口令, 密钥, 秘钥, 私钥, 验证码, 令牌, 支付密码, mima, 登录密码, 密码盐, 盐值, 密保答案, 访问令牌',
  },
  mostly: {
    'pii.phone': '联系',
  },
  among: {
    'pii.name': '名称个人',
    'pii.address': '城市, 市, 区, 县, 地区',
    'pii.free-text': '内容, 描述, 说明, 详情, 原因, 标题内容, 正文, 摘要, 回复, 問題, 事由',
    'pii.health': '体重, 身高, 体温',
    'pii.location': '位置',
  },
  person: `用户, 客户, 顾客, 会员, 员工, 职员, 患者, 病人, 学生, 教师, 老师, 医生, 联系人, 个人, 人员, 居民, 业主, 租户, 用戶, 客戶, 會員, 員工, 學生, 教師, 醫生, 家长, 家庭, 成员,
    申请人, 投保人, 被保险人, 受益人, 司机, 乘客, 作者, 买家, 卖家, yonghu, kehu, yuangong, xuesheng, huanzhe, 读者, 考生`,
  thing: `产品, 商品, 物品, 类别, 分类, 文件, 部门, 角色, 货币, 权限, 项目, 任务, 图书, 书籍, 车辆, 课程, 科目, 小组, 设置, 型号, 库存, 品牌, 產品, 類別, 部門, 菜单, 字典, 设备,
    专业, 班级, 歌曲, 电影, shangpin, chanpin, 岗位, 职位, 模板`,
  organisation: '公司, 企业, 供应商, 银行, 机构, 組織, 单位',
  premises: '门店, 店铺, 分店, 国家, 省, 医院, 学校, 仓库, 学院, 网点, 站点, 车站, 机场, 图书馆, 药店, 校区, 分公司, 門市, 倉庫',
  deal: '订单, 发票, 预约, 支付, 付款, 销售, 购买, 配送, 合同, 就诊, 挂号, 访问, 报名, 借阅, 訂單, 預約, 退款, 物流, 住院, 租赁, dingdan',
  writing: '消息, 帖子, 工单, 日记',
  turns: '数量, 类型, 状态, 时间, 次数, 标志, 数, 个数, 日期更新, 是否验证, 编码, 排序',
  turnsAhead: '是否',
  harmless: `编号, 编码, 代码, 类型, 状态, 货币, 国家, 语言, 性别, 分类, 单位, 颜色, 品牌, 型号, 商品名称, 产品名称, 公司名称, 部门, 部门名称, 职位, 职务, 职业, 国籍, 民族编码, 订单号,
    订单编号, 发票号, 标题, 图片, 头像, 角色名称, 学号, 工号, 名称, 规格, 版本, 婚姻状况, 学历, 性別, 狀態, 類型, 支付方式, 岗位, 专业, 班级, 科室`,
};

/** Japanese, Chinese, Korean (native scripts and romanised), Hindi, Indonesian and Malay, Vietnamese, Thai, Arabic, Persian and Hebrew. */
import type { Lexicon } from '../lexicon.ts';

export const JAPANESE: Lexicon = {
  language: 'ja',
  says: {
    'pii.email': 'メール, メールアドレス, eメール, 電子メール, メアド, meruadoresu, 連絡先メール',
    'pii.phone':
      '電話, 電話番号, 携帯, 携帯電話, 携帯番号, ファックス, ファックス番号, 連絡先, 連絡先電話, denwa, denwabango, denwa bango, keitai, tel番号, fax番号',
    'pii.name':
      '氏名, 姓名, 姓, 名前, お名前, 名前カナ, 氏名カナ, フリガナ, ふりがな, カナ氏名, 苗字, 名字, 担当者名, 担当者, 顧客名, 患者名, 従業員名, 社員名, ユーザー名, ユーザ名, 利用者名, 会員名, 名義, 名義人, 口座名義, 旧姓, ニックネーム, shimei, namae, sei kana, mei kana, furigana, myoji, 受取人, 差出人, 宛名, 保護者名, 学生名, first name kana, last name kana, sei, mei',
    'pii.address':
      '住所, 郵便番号, 番地, 建物名, 市区町村, 町名, 現住所, 配送先, 配送先住所, 届け先, お届け先, 送付先, 丁目, 本籍, jusho, juusho, yubin bango, yuubinbangou, yubinbango, 請求先住所, 出身地, 居住地, マンション名, 都道府県, todofuken',
    'pii.national-id':
      'マイナンバー, 個人番号, 免許証, 免許証番号, 運転免許証番号, 保険証番号, 被保険者番号, 基礎年金番号, 年金番号, 在留カード番号, mynumber, my number, kojin bango, 社会保険番号, 雇用保険番号',
    'pii.passport': 'パスポート, パスポート番号, 旅券番号',
    'pii.ip': 'ipアドレス',
    'pii.location': '緯度, 経度, 座標, 位置情報',
    'pii.health':
      '病名, 診断, 診断名, 傷病名, 疾患, アレルギー, 薬, 処方, 処方薬, 血液型, 症状, 病歴, 既往歴, 治療, 障害, 妊娠, 検査結果, 主訴, 持病, 服薬, 健康状態, ketsueki gata, 血圧, 体温, 障害者手帳, 投薬',
    'pii.birth-date': '生年月日, 誕生日, 生年, 出生日, seinengappi, tanjobi, 誕生年月日',
    'pii.free-text':
      '備考, 備考欄, メモ, コメント, メッセージ, 本文, 感想, 意見, 自由記述, ご要望, 要望, 問い合わせ内容, お問い合わせ内容, 相談内容, 苦情内容, 自己紹介, biko, 特記事項, 所見, 申し送り, 対応履歴, レビュー本文, 口コミ, 連絡事項, 伝言',
    'financial.card': 'カード番号, クレジットカード番号, クレジットカード',
    'financial.iban': '口座番号, 銀行口座, 振込先, 口座情報, koza bango, 支店番号口座',
    'financial.salary': '給与, 給料, 年収, 月給, 基本給, 時給, 賞与, 報酬, 所得, 手当, kyuyo, nenshu, 月収, 収入',
    secret:
      'パスワード, 暗証番号, 秘密鍵, 認証コード, 秘密の質問の答え, トークン, アクセスキー, シークレット, 認証キー, セキュリティコード',
  },
  mostly: { 'pii.name': '名' },
  among: {
    'pii.name': '名称個人',
    'pii.address': '市, 区, 県, 町, 市町村',
    'pii.free-text': '内容, 説明, 詳細, 理由, 件名, 回答, 質問, テキスト, 概要',
    'pii.health': '体重, 身長, 結果',
  },
  person:
    '顧客, 客, お客様, ユーザー, ユーザ, 利用者, 会員, 社員, 従業員, 職員, 患者, 学生, 生徒, 教員, 先生, 医師, 担当者, 申込者, 参加者, 保護者, 家族, 配偶者, 契約者, 被保険者, 著者, 受講者, スタッフ, 個人, 人員, kokyaku, shain, kanja, gakusei, kaiin, 購入者, 注文者, 得意先担当, 応募者, 名簿',
  thing:
    '商品, 製品, 品, カテゴリ, カテゴリー, 分類, ファイル, 部署, 部門, 役職, 通貨, 権限, 役割, プロジェクト, 案件, 書籍, 本, 車両, 科目, 講座, グループ, 設定, 項目, 機種, 在庫, マスタ, 商品名, 部署名, 製品名, イベント, 薬品, 言語',
  organisation: '会社, 企業, 法人, 取引先, 仕入先, 店舗, 支店, 国, 地域, 病院, 学校, 銀行, 部署, 組織, 拠点, 倉庫',
  deal: '注文, 受注, 請求, 予約, 支払, 売上, 購入, 配送, 契約, 診察, 診療, 来店, 訪問, 申込, 貸出, 発注, 受診, 問い合わせ, 入院',
  writing: 'レビュー, 投稿, 日報, カルテ, 看護記録',
  turns: '件数, 種別, 種類, 区分, 状態, 日時, 日付, 回数, フラグ, コード, 確認日, 更新日, ステータス',
  harmless:
    'コード, 種別, 種類, 区分, 状態, ステータス, 通貨, 国, 言語, 性別, 分類, 単位, 色, 商品名, 製品名, 会社名, 企業名, 店舗名, 部署名, 部署, 役職, 職業, 国籍, 注文番号, 受注番号, 商品コード, 顧客コード, 顧客番号, 社員番号, 会員番号, タイトル, カテゴリ名, 都道府県コード, 品名, 型番, 商品番号, 支払方法, 配送方法, 診療科, 保険種別',
};

export const CHINESE: Lexicon = {
  language: 'zh',
  says: {
    'pii.email':
      '邮箱, 电子邮箱, 电子邮件, 邮件地址, 邮箱地址, 電子郵件, 信箱, 電郵, 電子信箱, youxiang, dianzi youxiang, dianziyoujian',
    'pii.phone':
      '电话, 手机, 手机号, 手机号码, 电话号码, 联系电话, 联系方式, 電話, 電話號碼, 手機, 手機號碼, 传真, 固定电话, 固话, shouji, shoujihao, dianhua, lianxidianhua, 座机, 联络电话, 微信号, 微信, 聯絡電話, shouji hao, lianxi dianhua',
    'pii.name':
      '姓名, 名字, 姓, 真实姓名, 用户名, 昵称, 客户姓名, 客户名称个人, 患者姓名, 学生姓名, 员工姓名, 联系人, 联系人姓名, 收件人, 收货人, 寄件人, 持卡人, 户名, 账户名, 開戶名, 曾用名, 用戶名, 暱稱, xingming, xing ming, nicheng, zhenshi xingming, 紧急联系人, 法人姓名, 监护人, 负责人, 经办人, 聯絡人, 收件人姓名, 父亲姓名, 母亲姓名, 教师姓名, yonghuming',
    'pii.address':
      '地址, 住址, 家庭住址, 家庭地址, 收货地址, 通讯地址, 联系地址, 邮编, 邮政编码, 街道, 门牌号, 居住地址, 户籍地址, 户籍, 籍贯, 送货地址, 寄送地址, 郵遞區號, 戶籍地址, 通訊地址, dizhi, youbian, 详细地址, 现住址, 出生地, 小区, jiating zhuzhi, lianxi dizhi, 户口所在地',
    'pii.national-id':
      '身份证, 身份证号, 身份证号码, 证件号, 证件号码, 身分證, 身分證字號, 身份證, 身份證號, 社保号, 社会保障号, 社保卡号, 驾驶证号, 医保卡号, shenfenzheng, shenfenzhenghao, sfz, sfzh, sfzhm, zhengjianhao, 纳税人识别号个人, 居民身份证, 统一编号, idcard, idcardno, id card no, 医保号',
    'pii.passport': '护照, 护照号, 护照号码, 護照, 護照號碼, huzhao, huzhaohao',
    'pii.ip': 'ip地址, 登录ip, 登陆ip',
    'pii.location': '经度, 纬度, 坐标, 經度, 緯度, 定位, jingdu, weidu, 经纬度',
    'pii.health':
      '诊断, 疾病, 病史, 过敏, 过敏史, 药物, 药品, 处方, 血型, 症状, 病情, 治疗, 残疾, 怀孕, 疫苗, 主诉, 既往史, 诊断结果, 检查结果, 診斷, 病歷, 病历, 病历号, 住院号, 門診, 血压, 健康状况, 用药, 临床诊断, 现病史, 医嘱',
    'pii.birth-date': '出生日期, 生日, 出生年月, 出生年月日, 出生年份, 出生時間, chusheng riqi, chushengriqi, shengri, 出生',
    'pii.free-text':
      '备注, 備註, 留言, 评论, 評論, 消息, 内容正文, 意见, 反馈, 反馈内容, 投诉内容, 个人简介, 自我介绍, 聊天记录, beizhu, liuyan, 说明备注, 买家留言, 评语, 个性签名, 简历, 回访记录, 评价内容, 咨询内容, 建议',
    'financial.card': '卡号, 银行卡, 银行卡号, 信用卡号, 信用卡, 卡號, 銀行卡號, yinhangka, yinhangkahao, kahao',
    'financial.iban': '银行账号, 银行账户, 账号银行, 开户账号, 收款账号, 銀行帳號, 帳號, 銀行帳戶, 银行帐号, 对公账号',
    'financial.salary':
      '工资, 薪水, 薪资, 月薪, 年薪, 基本工资, 收入, 年收入, 奖金, 薪酬, 薪資, gongzi, xinzi, 实发工资, 应发工资, 绩效工资, 底薪, 月收入, 津贴',
    secret:
      '密码, 密碼, 口令, 密钥, 秘钥, 私钥, 验证码, 令牌, 支付密码, mima, 登录密码, 密码盐, 盐值, 安全码, 密保答案, 访问令牌',
  },
  mostly: { 'pii.phone': '联系' },
  among: {
    'pii.name': '名称个人',
    'pii.address': '城市, 市, 区, 县, 省份, 地区',
    'pii.free-text': '内容, 描述, 说明, 详情, 原因, 标题内容, 正文, 摘要, 回复, 問題, 事由',
    'pii.health': '体重, 身高, 体温',
    'pii.location': '位置',
  },
  person:
    '用户, 客户, 顾客, 会员, 员工, 职员, 患者, 病人, 学生, 教师, 老师, 医生, 联系人, 个人, 人员, 居民, 业主, 租户, 用戶, 客戶, 會員, 員工, 學生, 教師, 醫生, 家长, 家庭, 成员, 申请人, 投保人, 被保险人, 受益人, 司机, 乘客, 作者, 买家, 卖家, yonghu, kehu, yuangong, xuesheng, huanzhe, 读者, 考生',
  thing:
    '产品, 商品, 物品, 类别, 分类, 文件, 部门, 角色, 货币, 权限, 项目, 任务, 图书, 书籍, 车辆, 课程, 科目, 小组, 设置, 型号, 库存, 品牌, 產品, 類別, 部門, 菜单, 字典, 设备, 专业, 班级, 歌曲, 电影, shangpin, chanpin, 岗位, 职位, 模板',
  organisation: '公司, 企业, 供应商, 门店, 店铺, 分店, 国家, 省, 医院, 学校, 银行, 机构, 組織, 单位, 仓库, 学院',
  deal: '订单, 发票, 预约, 支付, 付款, 销售, 购买, 配送, 合同, 就诊, 挂号, 访问, 报名, 借阅, 訂單, 預約, 退款, 物流, 住院, 租赁, dingdan',
  writing: '消息, 帖子, 工单, 日记',
  turns: '数量, 类型, 状态, 时间, 次数, 标志, 数, 个数, 日期更新, 是否验证, 编码, 排序',
  turnsAhead: '是否',
  harmless:
    '编号, 编码, 代码, 类型, 状态, 货币, 国家, 语言, 性别, 分类, 单位, 颜色, 品牌, 型号, 商品名称, 产品名称, 公司名称, 部门, 部门名称, 职位, 职务, 职业, 国籍, 民族编码, 订单号, 订单编号, 发票号, 标题, 图片, 头像, 角色名称, 学号, 工号, 名称, 规格, 版本, 婚姻状况, 学历, 性別, 狀態, 類型, 支付方式, 岗位, 专业, 班级, 科室',
};

export const KOREAN: Lexicon = {
  language: 'ko',
  says: {
    'pii.email': '이메일, 이메일주소, 전자우편, 메일, 메일주소',
    'pii.phone':
      '전화, 전화번호, 휴대폰, 휴대전화, 휴대폰번호, 핸드폰, 핸드폰번호, 연락처, 팩스, 팩스번호, hp번호, 휴대전화번호, 비상연락처, hp no, hpno',
    'pii.name':
      '이름, 성명, 성함, 고객명, 환자명, 사원명, 직원명, 사용자명, 회원명, 담당자, 담당자명, 예금주, 수취인, 받는사람, 보내는사람, 닉네임, 별명, 학생명, 보호자명, 카드소유자, 주문자, 주문자명, 수령인, 작성자, 예약자명, 예약자, 한글이름, 영문이름, 직원이름',
    'pii.address':
      '주소, 우편번호, 상세주소, 집주소, 배송지, 배송주소, 도로명주소, 지번주소, 거주지, 배송지주소, 자택주소, 본적, 출생지',
    'pii.national-id':
      '주민번호, 주민등록번호, 외국인등록번호, 운전면허번호, 면허번호, 주민등록, rrn, jumin, jumin no, juminno, jumin number, 건강보험번호',
    'pii.passport': '여권, 여권번호',
    'pii.ip': '아이피, ip주소, 접속ip',
    'pii.location': '위도, 경도, 좌표, 위치좌표',
    'pii.health':
      '진단, 진단명, 병명, 질병, 질환, 알레르기, 약물, 처방, 혈액형, 증상, 병력, 치료, 장애, 임신, 예방접종, 검사결과, 복용약, 과거력, 투약, 혈압, 장애등급',
    'pii.birth-date': '생년월일, 생일, 출생일, 출생년도, 출생연도, 생년',
    'pii.free-text':
      '비고, 메모, 댓글, 메시지, 코멘트, 의견, 후기, 요청사항, 문의내용, 상담내용, 자기소개, 특이사항, 배송메시지, 배송메모, 불만사항, 리뷰내용, 상담기록',
    'financial.card': '카드번호, 신용카드번호, 신용카드',
    'financial.iban': '계좌번호, 계좌, 은행계좌, 환불계좌, 입금계좌',
    'financial.salary': '급여, 월급, 연봉, 임금, 기본급, 시급, 상여금, 소득, 수당, 월소득',
    secret: '비밀번호, 암호, 비번, 패스워드, 토큰, 비밀키, 인증번호, 보안코드, 인증키, 개인키, 인증코드',
  },
  among: {
    'pii.address': '시, 구, 동, 도시, 시도',
    'pii.free-text': '내용, 설명, 상세, 사유, 제목, 답변, 본문',
    'pii.health': '체중, 키, 몸무게, 체온',
  },
  person:
    '고객, 회원, 사용자, 이용자, 사원, 직원, 환자, 학생, 교사, 교수, 의사, 담당자, 보호자, 가족, 신청자, 참가자, 개인, 임직원, 작성자, 저자, 구매자, 판매자, 수강생, 예약자, 입주민',
  thing:
    '상품, 제품, 카테고리, 분류, 파일, 부서, 역할, 통화, 권한, 프로젝트, 도서, 차량, 과목, 그룹, 설정, 코드, 강의, 메뉴, 품목, 언어, 재고',
  organisation: '회사, 기업, 업체, 거래처, 공급업체, 매장, 지점, 국가, 지역, 병원, 학교, 은행, 기관, 창고',
  deal: '주문, 송장, 예약, 결제, 판매, 구매, 배송, 계약, 진료, 방문, 신청, 대출, 환불, 입원',
  writing: '게시글, 문의, 상담',
  turns: '유형, 상태, 일시, 횟수, 여부, 날짜, 건수, 종류, 코드, 구분',
  harmless:
    '코드, 유형, 상태, 통화, 국가, 언어, 성별, 분류, 단위, 색상, 상품명, 제품명, 회사명, 부서, 부서명, 직급, 직책, 직업, 국적, 주문번호, 상품코드, 고객번호, 사번, 학번, 제목, 결제수단, 구분, 매장명, 업체명, 전공, 학과, 진료과',
};

export const HINDI: Lexicon = {
  language: 'hi',
  says: {
    'pii.email': 'ईमेल, ई मेल',
    'pii.phone': 'फोन, मोबाइल, दूरभाष, फ़ोन, मोबाइल नंबर, mobail, doorbhash',
    'pii.name': 'नाम, उपनाम, पिता का नाम, naam, upnaam, pita ka naam, kul naam, pita naam, mata naam, poora naam',
    'pii.address': 'पता, पिन कोड, pata, ghar ka pata',
    'pii.national-id':
      'आधार, आधार संख्या, aadhar no, aadhaar no, aadhar card, aadhaar card, aadhar num, uid number, uidai, pancard, पैन',
    'pii.birth-date': 'जन्म तिथि, जन्मतिथि, janm tithi, janam tithi, janmtithi',
    'pii.health': 'रोग, बीमारी, रक्त समूह, bimari',
    'pii.free-text': 'टिप्पणी, tippani, संदेश',
    'financial.salary': 'वेतन, vetan, aay',
    secret: 'पासवर्ड, गुप्त',
  },
  person: 'ग्राहक, कर्मचारी, छात्र, रोगी, grahak, karmachari, chhatra',
};

export const INDONESIAN: Lexicon = {
  language: 'id',
  headFirst: true,
  says: {
    'pii.email': 'surel, alamat email, alamat surel, alamat e mel, emel',
    'pii.phone':
      'telepon, no telepon, nomor telepon, notelp, no telp, telp, no hp, nohp, nomor hp, hp, no handphone, handphone, nomor handphone, no telefon, nombor telefon, no wa, nomor wa, no tlp, tlp',
    'pii.name':
      'nama lengkap, nama depan, nama belakang, nama panggilan, nama pelanggan, nama pengguna, nama karyawan, nama pasien, nama siswa, nama ibu, nama ayah, nama ibu kandung, nama customer, nama user, namalengkap, nama penuh, nama pegawai, nama mahasiswa, nama pembeli, nama penerima, atas nama, nama dokter, nama guru, nama anggota, nama peminjam, nama wali, nama orang tua, nama pelapor',
    'pii.address':
      'alamat, alamat rumah, alamat pengiriman, jalan, kode pos, kodepos, kelurahan, kecamatan, rt, rw, tempat lahir, tempatlahir, tempat tanggal lahir, poskod, domisili, alamat ktp, tmp lahir',
    'pii.national-id':
      'nik, ktp, no ktp, nomor ktp, noktp, npwp, no npwp, no kk, nomor kk, kartu keluarga, bpjs, no bpjs, sim nomor, no sim, mykad, no kad pengenalan, no ic, ic number, nric no, nomor identitas, no identitas',
    'pii.passport': 'paspor, no paspor, nomor paspor, nombor pasport',
    'pii.ip': 'alamat ip',
    'pii.location': 'lintang, bujur, garis lintang, garis bujur, koordinat',
    'pii.health':
      'diagnosa, diagnosis, penyakit, alergi, obat, golongan darah, goldar, gol darah, riwayat penyakit, keluhan, gejala, pengobatan, disabilitas, tensi, rekam medis, no rekam medis, no rm, kehamilan, resep',
    'pii.birth-date': 'tanggal lahir, tgl lahir, tgllahir, tanggallahir, tarikh lahir, ulang tahun, tahun lahir, tgl lhr',
    'pii.free-text':
      'catatan, komentar, keterangan, pesan, ulasan, saran, keluhan pelanggan, kritik, aduan, isi pesan, testimoni, kesan',
    'financial.card': 'nomor kartu, no kartu, kartu kredit, no kartu kredit, nomor kartu kredit',
    'financial.iban': 'no rekening, nomor rekening, norek, rekening, no rek, nombor akaun, rekening bank',
    'financial.salary': 'gaji, gaji pokok, upah, penghasilan, pendapatan, tunjangan, gapok, gaji bersih, penghasilan orang tua',
    secret: 'kata sandi, katasandi, sandi, kunci rahasia, kata laluan, rahasia, kode otp, kode verifikasi',
  },
  among: {
    'pii.name': 'nama',
    'pii.address': 'kota, kabupaten, provinsi, propinsi, desa',
    'pii.free-text': 'deskripsi, isi, judul pesan, alasan, rincian, jawaban, uraian',
    'pii.health': 'berat badan, tinggi badan',
    'pii.location': 'lokasi',
  },
  person:
    'pelanggan, karyawan, pegawai, pengguna, pasien, siswa, mahasiswa, guru, dosen, dokter, anggota, orang, penduduk, warga, pembeli, penjual, penumpang, supir, sopir, penulis, tamu, wali, peserta, penerima, pengirim, ayah, ibu, peminjam, kasir, petugas, pelamar, nasabah, penyewa, murid, penghuni, keluarga',
  thing:
    'produk, barang, kategori, berkas, peran, mata uang, proyek, tugas, buku, kendaraan, kursus, kelas, jurusan, kelompok, mapel, mata pelajaran, matakuliah, mata kuliah, divisi, jabatan, layanan, menu, obat obatan, merk, satuan, jenis, kamar, film, lagu, poli, ruangan, penerbit',
  organisation:
    'perusahaan, pemasok, toko, cabang, negara, rumah sakit, sekolah, bank, instansi, gudang, universitas, fakultas, kampus',
  deal: 'pesanan, faktur, pemesanan, pembayaran, penjualan, pembelian, pengiriman, transaksi, kontrak, kunjungan, pendaftaran, peminjaman, janji temu, sewa, pemeriksaan, tagihan, rawat inap, penyewaan',
  turnsAhead: 'jenis, jumlah, tanggal, tgl, status, kode, id, tipe, total',
  turns: 'status, jumlah',
  harmless:
    'kode, jenis, status, mata uang, negara, bahasa, jenis kelamin, kelamin, jk, kategori, satuan, warna, merek, merk, jabatan, pekerjaan, kewarganegaraan, agama kode, nama produk, nama barang, nama perusahaan, nomor pesanan, no faktur, judul, gambar, foto, kelas, jurusan, golongan, divisi, nim, nis, nisn, nip, no transaksi, tipe, pangkat',
  filler: 'nomor, no, dan, utama, rumah, kantor',
};

export const VIETNAMESE_THAI: Lexicon = {
  language: 'vi',
  headFirst: true,
  says: {
    'pii.email': 'thư điện tử, dia chi email, địa chỉ email, อีเมล, อีเมล์',
    'pii.phone':
      'số điện thoại, so dien thoai, sodienthoai, sdt, điện thoại, dien thoai, dienthoai, di dong, โทรศัพท์, เบอร์โทร, เบอร์โทรศัพท์, มือถือ, เบอร์มือถือ',
    'pii.name':
      'họ tên, họ và tên, ho ten, hoten, ho va ten, ten khach hang, tenkhachhang, tenkh, ten nhan vien, tennhanvien, tennv, ten dang nhap, tendangnhap, ten nguoi dung, ten benh nhan, ten sinh vien, tensv, họ đệm, tên đệm, ชื่อ, นามสกุล, ชื่อสกุล, ชื่อผู้ใช้, ชื่อเล่น, ชื่อลูกค้า, ten nguoi nhan',
    'pii.address':
      'địa chỉ, dia chi, diachi, nơi sinh, noi sinh, quê quán, que quan, quequan, ที่อยู่, รหัสไปรษณีย์, ตำบล, อำเภอ, duong pho, noi o',
    'pii.national-id':
      'cmnd, cccd, số cmnd, so cmnd, socmnd, căn cước, can cuoc, so cccd, socccd, ma so thue ca nhan, เลขบัตรประชาชน, บัตรประชาชน, เลขประจำตัวประชาชน',
    'pii.passport': 'hộ chiếu, ho chieu, so ho chieu, หนังสือเดินทาง',
    'pii.health':
      'chẩn đoán, chan doan, bệnh, benh, dị ứng, di ung, nhóm máu, nhom mau, nhommau, triệu chứng, trieu chung, tien su benh, dieu tri, โรค, อาการ, แพ้ยา, กรุ๊ปเลือด, การวินิจฉัย',
    'pii.birth-date': 'ngày sinh, ngay sinh, ngaysinh, năm sinh, nam sinh, namsinh, sinh nhat, วันเกิด, ปีเกิด',
    'pii.free-text':
      'ghi chú, ghi chu, ghichu, bình luận, binh luan, tin nhắn, tin nhan, nhận xét, nhan xet, góp ý, หมายเหตุ, ความคิดเห็น, ข้อความ, บันทึก',
    'financial.card': 'số thẻ, so the, หมายเลขบัตร, บัตรเครดิต',
    'financial.iban': 'số tài khoản, so tai khoan, sotaikhoan, stk, เลขที่บัญชี, บัญชีธนาคาร',
    'financial.salary': 'lương, luong, tiền lương, tien luong, luong co ban, luongcoban, thu nhap, เงินเดือน, รายได้',
    secret: 'mật khẩu, mat khau, matkhau, รหัสผ่าน',
  },
  among: {
    'pii.free-text': 'mô tả, mo ta, mota, nội dung, noi dung, noidung, ly do, รายละเอียด, คำอธิบาย',
    'pii.address': 'thành phố, thanh pho, quận, tinh thanh, จังหวัด',
  },
  person:
    'khách hàng, khach hang, khachhang, nhân viên, nhan vien, nhanvien, người dùng, nguoi dung, nguoidung, bệnh nhân, benh nhan, benhnhan, sinh viên, sinh vien, sinhvien, học sinh, hoc sinh, giáo viên, giao vien, bác sĩ, bac si, thành viên, doc gia, docgia, ลูกค้า, พนักงาน, ผู้ใช้, ผู้ป่วย, นักเรียน, นักศึกษา',
  thing:
    'sản phẩm, san pham, sanpham, danh mục, danh muc, danhmuc, phòng ban, phong ban, sách, sach, mon hoc, monhoc, loai, mon an, phim, สินค้า, หมวดหมู่',
  deal: 'đơn hàng, don hang, donhang, hóa đơn, hoa don, hoadon, đặt phòng, thanh toan, thanhtoan, lich hen, phieu muon',
  harmless:
    'mã, ma, loại, trạng thái, trang thai, trangthai, giới tính, gioi tinh, gioitinh, tiền tệ, quốc gia, ngôn ngữ, đơn vị, màu, ten san pham, tensanpham, tensp, chuc vu, chucvu, dan toc, quoc tich, เพศ, สถานะ, ประเภท, รหัส',
};

export const ARABIC_HEBREW: Lexicon = {
  language: 'ar',
  headFirst: true,
  says: {
    'pii.email': 'البريد الإلكتروني, البريد الالكتروني, البريد, ايميل, بريد, ایمیل, رایانامه, דואל, אימייל, דוא ל, כתובת מייל',
    'pii.phone':
      'هاتف, الهاتف, رقم الهاتف, رقم هاتف, جوال, الجوال, رقم الجوال, موبايل, المحمول, تلفن, شماره تلفن, موبایل, شماره موبایل, طلפון, טלפון, נייד, מספר טלפון, טלפון נייד',
    'pii.name':
      'الاسم, اسم, الاسم الأول, الاسم الاول, اسم العائلة, الاسم الكامل, اسم المستخدم, اسم العميل, اسم المريض, اسم الموظف, اسم الطالب, اللقب, نام, نام خانوادگی, نام کاربری, שם, שם פרטי, שם משפחה, שם מלא, שם משתמש, اسم الأب, اسم الأم',
    'pii.address':
      'العنوان, عنوان, الشارع, شارع, الرمز البريدي, عنوان السكن, مكان الميلاد, محل الميلاد, آدرس, کد پستی, نشانی, כתובת, רחוב, מיקוד, מספר בית, مكان الولادة',
    'pii.national-id':
      'رقم الهوية, الهوية, الرقم القومي, رقم قومي, رقم الهوية الوطنية, رقم الاقامة, الإقامة, رقم البطاقة, کد ملی, شماره ملی, תעודת זהות, ת ז, מספר זהות, رقم السجل المدني, teudat zehut, tz',
    'pii.passport': 'جواز السفر, رقم جواز السفر, رقم الجواز, پاسپورت, شماره پاسپورت, דרכון, מספר דרכון',
    'pii.location': 'خط العرض, خط الطول, الإحداثيات',
    'pii.health':
      'التشخيص, تشخيص, المرض, مرض, الحساسية, حساسية, الدواء, الأدوية, فصيلة الدم, زمرة الدم, الأعراض, العلاج, الإعاقة, بیماری, گروه خونی, אבחנה, מחלה, אלרגיות, אלרגיה, תרופות, סוג דם',
    'pii.birth-date': 'تاريخ الميلاد, تاريخ الولادة, سنة الميلاد, تاریخ تولد, תאריך לידה, שנת לידה',
    'pii.free-text': 'ملاحظات, ملاحظة, تعليق, تعليقات, رسالة, الرسالة, شكوى, توضیحات, نظر, یادداشت, הערות, הערה, תגובה, הודעה',
    'financial.card': 'رقم البطاقة الائتمانية, بطاقة الائتمان, شماره کارت, מספר כרטיס, כרטיס אשראי',
    'financial.iban': 'رقم الحساب, الحساب البنكي, الآيبان, شماره حساب, شماره شبا, חשבון בנק, מספר חשבון',
    'financial.salary': 'الراتب, راتب, الأجر, الدخل, حقوق ماهانه, درآمد, משכורת, שכר, הכנסה',
    secret: 'كلمة المرور, كلمة السر, رمز التحقق, رمز سري, گذرواژه, رمز عبور, סיסמה, סיסמא, סוד',
  },
  among: {
    'pii.address': 'المدينة, مدينة, المنطقة, شهر, עיר, الحي',
    'pii.free-text': 'الوصف, وصف, المحتوى, الموضوع, السبب, תיאור, תוכן, נושא',
  },
  person:
    'العملاء, عميل, العميل, الموظفين, موظف, الموظفون, المستخدمين, مستخدم, المرضى, مريض, الطلاب, طالب, الأشخاص, שמות, לקוח, לקוחות, עובד, עובדים, משתמש, משתמשים, מטופל, מטופלים, תלמיד, תלמידים, مشتری, مشتریان, کاربر, کاربران, کارمند, بیمار',
  thing: 'المنتجات, منتج, المنتج, الفئات, فئة, الأقسام, قسم, מוצר, מוצרים, קטגוריה, محصول, محصولات',
  deal: 'الطلبات, طلب, الفواتير, فاتورة, الحجوزات, המנות, הזמנה, הזמנות, سفارش, سفارشات',
  harmless:
    'النوع, نوع, الحالة, حالة, العملة, الدولة, اللغة, الجنس, الجنسية, الوظيفة, الرمز, رمز, כתובת אתר, סוג, מצב, מגדר, מטבע, מדינה, שפה, וضعیت, جنسیت, کد, اسم المنتج, שם מוצר',
  filler: 'رقم',
};

export const SWAHILI_FILIPINO: Lexicon = {
  language: 'sw',
  headFirst: true,
  says: {
    'pii.email': 'barua pepe, baruapepe',
    'pii.phone': 'simu, namba ya simu, nambari ya simu, telepono, numero ng telepono',
    'pii.name': 'jina, jina la kwanza, jina la mwisho, jina kamili, pangalan, apelyido, buong pangalan',
    'pii.address': 'anwani, makazi, tirahan',
    'pii.national-id':
      'kitambulisho, nambari ya kitambulisho, nida, philsys, sss number, sss no, philhealth, philhealth no, pagibig, pag ibig no, tin no',
    'pii.birth-date': 'tarehe ya kuzaliwa, petsa ng kapanganakan, kaarawan',
    'financial.salary': 'mshahara, sahod, suweldo',
    secret: 'nywila, neno la siri',
  },
  person: 'mteja, wateja, mfanyakazi, wafanyakazi, mgonjwa, wagonjwa, mwanafunzi, wanafunzi, kliyente',
};

/** How streets are called. */
import { fold } from '../names/fold.ts';

export const STREET_WORDS: ReadonlySet<string> = new Set(
  `street st ave avenue road rd lane ln drive dr blvd boulevard way court ct square sq place pl terrace ter highway hwy parkway pkwy circle cir trail trl close crescent mews
  row alley plaza loop pike route expressway crossing extension extensions mall mills mountain neck orchard knoll gardens grove green heights hill hills island isle junction key keys lake landing
  ridge shore shores spring springs spur station stream summit throughway trace track turnpike union valley via viaduct view village ville vista walk wall well wells manor meadow meadows mission motorway ranch rapid river run rue
  bend branch bridge brook burg bypass camp canyon cape causeway center centre club common corner course cove creek curve dale dam divide estate estates fall falls ferry field fields flat ford forest forge fork fort freeway garden gateway glen harbor haven apt suite
  strasse str weg platz allee gasse ring ufer damm steig chaussee promenade
  chemin impasse quai allee passage cours faubourg sentier ruelle bd av all imp
  calle avenida avda paseo carrera cra cl callejon calzada camino ronda travesia plaza pza colonia boulevard pasaje jiron jr
  rua travessa alameda praca estrada rodovia largo avenida beco
  viale piazza piazzale corso vicolo strada contrada borgo largo lungomare
  straat laan plein gracht kade dijk singel steenweg
  ulica ul aleja al plac os osiedle ulitsa prospekt pereulok namesti trida nabrezi
  gatan vagen gata vag vej gade veien gate vei tie katu
  sokak sok cadde cad caddesi sokagi mahallesi mah bulvari
  strada bulevardul bd aleea soseaua calea
  utca ut ter korut
  jl jalan gang gg duong pho jln lorong soi thanon nagar marg chowk
  quinta caserio retorno partida barrio urbanizacion urb poligono glorieta rambla carretera ctra bajada rincon grupo parque escalinata senda sector residencial manzana conjunto privada andador circuito prolongacion bulevar
  escadas escadinhas calcada patio urbanizacao rotunda viela azinhaga quinta rodovia
  rondo skwer bulwar setany fasor fokut koz sor lepcso
  polku kuja raitti kaari rinne iela laukums gatve prospekts gatve tanav puiestee maantee
  вулиця вул площа провулок пров бульвар проїзд набережная наб линия тупик проезд алея трг улица булевар
  רחוב רח שדרות שד משעול סמטת دרך شارع طريق ممر حي خیابان کوچه بلوار پلاک گلی محله
  kocha kochasi kucesi kuce prospekti ulice heol ffordd stryd sraid bothar lon
  ул улица проспект пр переулок пер шоссе бульвар площадь наб вул οδος λεωφορος odos shari شارع`
    .split(/\s+/)
    .map(fold),
);

export const STREET_ENDINGS: readonly string[] = [
  'strasse',
  'str',
  'gasse',
  'platz',
  'allee',
  'weg',
  'straat',
  'laan',
  'plein',
  'gracht',
  'kade',
  'gatan',
  'vagen',
  'gata',
  'vej',
  'gade',
  'veien',
  'gate',
  'katu',
  'tie',
  'polku',
  'kuja',
  'rinne',
  'kaari',
  'vagen',
  'stien',
  'allee',
  'stieg',
  'steig',
  'markt',
  'graben',
  'gasse',
  'ufer',
  'damm',
];

/** Japanese, Chinese and Korean addresses: divisions from large to small, all in one line. */
export const UNSPACED_STREET =
  /[\u4e00-\u9fff](?:都|道|府|県|省|市)[\u3040-\u9fff]{1,8}(?:区|市|町|村|县|镇|路|街|郡|區|鄉|鎮)|(?:丁目|番地)|[\u4e00-\u9fff](?:路|街|大道|巷|弄)\s?[\d０-９一二三四五六七八九十]{1,6}\s?(?:号|號)|[\uac00-\ud7af](?:로|길|동)(?:\s?\d|$)|[\uac00-\ud7af](?:시|도)\s[\uac00-\ud7af]{1,6}(?:구|시|군)/;

/** The languages of the untouched set, English of other countries among them: other words, other sentences. Not to be read while rules are being written. */
import { type Language, list } from './languages.ts';

export const UNTOUCHED_LANGUAGES: Readonly<Record<string, Language>> = {
  en2: {
    sentences:
      list(`Could someone get back to me before Friday? My number is {p}.|We spoke to {n} at the counter and she promised a replacement.|The technician never showed up on {d} and nobody rang.|I'd rather you used {e} from now on.|My son broke the screen; is that covered?
      |Client prefers mornings and speaks with a stutter.|{n} was rude to the other passengers.|Wonderful people, they even carried it upstairs for my mother.|Two stars because the seller argued with me.|Paid cash, left no deposit, seemed nervous.`),
    subjects: list(
      'Where is my parcel?|Account of {n} locked|Follow-up to our call on {d}|Wrong name on the ticket|Please delete my data|Reschedule {d}',
    ),
    diagnoses: list(
      'Chronic kidney disease stage 3|Rheumatoid arthritis|Generalised anxiety disorder|Atrial fibrillation|Psoriasis vulgaris|Hypothyroidism|Osteoarthritis of the hip|Acute appendicitis',
    ),
    complaints: list(
      'Shortness of breath climbing stairs|Swollen ankle after a fall|Recurring headaches, worse at night|Review of blood results|Burning on urination|Numbness in left hand',
    ),
    allergies: list('Sulfa drugs|Shellfish|Tree nuts|House dust|Dairy'),
    products: list(
      `Brushed aluminium desk lamp with three brightness levels.|Breathable fabric, machine washable at thirty degrees.|Set of four, dishwasher safe, stackable.|Default text of the landing page; editors may override it.|Groups that are allowed to see drafts in this area.|Runs after every import and rebuilds the index.`,
    ),
  },
  it: {
    sentences:
      list(`Aspetto il rimborso dal {d}.|La prego di richiamarmi al {p}.|La signora {n} mi ha detto che il pacco è andato perso.|Il corriere lo ha lasciato al mio vicino {n}.|Sono molto scontento di come sono stato trattato.|Ottimo servizio, lo consiglio.|Mi può scrivere a {e}.
      |È arrivato in ritardo due volte perché sua figlia è malata.|Mio marito ha aperto la scatola e mancava un pezzo.|Grazie per il vostro aiuto!`),
    subjects: list(
      'Rimborso del mio ordine|Non riesco ad accedere|Domanda di {n}|Reclamo sul corriere|Cambio di residenza|Appuntamento del {d}',
    ),
    diagnoses: list(
      'Diabete mellito di tipo 2|Ipertensione essenziale|Bronchite acuta|Emicrania senza aura|Episodio depressivo|Lombalgia|Asma bronchiale|Anemia sideropenica',
    ),
    complaints: list(
      'Tosse e febbre da tre giorni|Dolore toracico sotto sforzo|Controllo dopo intervento al ginocchio|Vertigini al mattino|Eruzione cutanea|Insonnia',
    ),
    allergies: list('Penicillina|Arachidi|Lattice|Polline|Glutine'),
    products: list(
      `Lampada da tavolo in alluminio spazzolato, tre livelli di luminosità.|Tessuto traspirante, lavabile a trenta gradi.|Set di quattro pezzi, adatto alla lavastoviglie.|Testo predefinito della pagina iniziale.`,
    ),
  },
  nl: {
    sentences:
      list(`Ik wacht sinds {d} op mijn terugbetaling.|Wilt u mij terugbellen op {p}?|Mevrouw {n} zei dat het pakket kwijt was.|De bezorger heeft het bij mijn buurman {n} afgegeven.|Ik ben erg ontevreden over hoe ik ben behandeld.|Prima service, zeker een aanrader.|U kunt mij mailen op {e}.
      |Hij kwam twee keer te laat omdat zijn dochter ziek is.|Mijn man maakte de doos open en er ontbrak een onderdeel.|Bedankt voor de snelle hulp!`),
    subjects: list(
      'Terugbetaling van mijn bestelling|Ik kan niet meer inloggen|Vraag van {n}|Klacht over de bezorger|Nieuw adres|Afspraak op {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus type 2|Essentiële hypertensie|Acute bronchitis|Migraine zonder aura|Depressieve episode|Lage rugpijn|Astma|IJzergebreksanemie',
    ),
    complaints: list(
      'Hoesten en koorts sinds drie dagen|Pijn op de borst bij inspanning|Controle na knieoperatie|Duizelig in de ochtend|Huiduitslag op beide armen|Slaapproblemen',
    ),
    allergies: list('Penicilline|Pinda’s|Latex|Pollen|Gluten'),
    products: list(
      `Tafellamp van geborsteld aluminium met drie standen.|Ademende stof, wasbaar op dertig graden.|Set van vier, geschikt voor de vaatwasser.|Standaardtekst van de startpagina.`,
    ),
  },
  pl: {
    sentences:
      list(`Czekam na zwrot pieniędzy od {d}.|Proszę o telefon pod numer {p}.|Pani {n} powiedziała, że paczka zaginęła.|Kurier zostawił ją u sąsiada, {n}.|Jestem bardzo niezadowolony z tego, jak mnie potraktowano.|Świetna obsługa, polecam.|Proszę pisać na adres {e}.
      |Spóźnił się dwa razy, bo jego córka jest chora.|Mój mąż otworzył paczkę i brakowało jednej części.|Dziękuję za szybką pomoc!`),
    subjects: list('Zwrot za zamówienie|Nie mogę się zalogować|Pytanie od {n}|Skarga na kuriera|Zmiana adresu|Wizyta {d}'),
    diagnoses: list(
      'Cukrzyca typu 2|Nadciśnienie samoistne|Ostre zapalenie oskrzeli|Migrena bez aury|Epizod depresyjny|Ból krzyża|Astma oskrzelowa|Niedokrwistość z niedoboru żelaza',
    ),
    complaints: list(
      'Kaszel i gorączka od trzech dni|Ból w klatce piersiowej przy wysiłku|Kontrola po operacji kolana|Zawroty głowy rano|Wysypka na rękach|Bezsenność',
    ),
    allergies: list('Penicylina|Orzeszki ziemne|Lateks|Pyłki|Gluten'),
    products: list(
      `Lampa stołowa ze szczotkowanego aluminium, trzy poziomy jasności.|Oddychająca tkanina, prać w trzydziestu stopniach.|Zestaw czterech sztuk, można myć w zmywarce.|Domyślny tekst strony głównej.`,
    ),
  },
  tr: {
    sentences:
      list(`{d} tarihinden beri iademi bekliyorum.|Lütfen beni {p} numarasından arayın.|{n} Hanım paketin kaybolduğunu söyledi.|Kurye paketi komşum {n} Bey’e bırakmış.|Bana davranış şeklinizden hiç memnun kalmadım.|Harika hizmet, tavsiye ederim.|Bana {e} adresinden yazabilirsiniz.
      |Kızı hasta olduğu için bu hafta iki kez geç kaldı.|Eşim kutuyu açtı ve bir parça eksikti.|Hızlı yardımınız için teşekkürler!`),
    subjects: list('Siparişimin iadesi|Giriş yapamıyorum|{n} sorusu|Kurye hakkında şikâyet|Adres değişikliği|{d} randevusu'),
    diagnoses: list(
      'Tip 2 diyabet|Esansiyel hipertansiyon|Akut bronşit|Aurasız migren|Depresif epizod|Bel ağrısı|Astım|Demir eksikliği anemisi',
    ),
    complaints: list(
      'Üç gündür öksürük ve ateş|Eforla göğüs ağrısı|Diz ameliyatı sonrası kontrol|Sabahları baş dönmesi|Kollarda döküntü|Uykusuzluk',
    ),
    allergies: list('Penisilin|Yer fıstığı|Lateks|Polen|Gluten'),
    products: list(
      `Fırçalanmış alüminyum masa lambası, üç parlaklık seviyesi.|Nefes alan kumaş, otuz derecede yıkanabilir.|Dörtlü set, bulaşık makinesine uygundur.|Ana sayfanın varsayılan metni.`,
    ),
  },
  ja: {
    sentences:
      list(`{d}から返金を待っています。|{p}までお電話ください。|{n}さんから荷物が紛失したと聞きました。|配達員が隣の{n}さんに預けたそうです。|対応にとても不満です。|とても良いサービスでした。また注文します。|{e}までご連絡ください。|娘さんが病気のため、今週二回遅刻しました。
      |夫が箱を開けたら部品が一つ足りませんでした。|昨日は早速のご対応ありがとうございました。`),
    subjects: list('注文の返金について|ログインできません|{n}より質問|配達員への苦情|住所変更のお知らせ|{d}の予約'),
    diagnoses: list('2型糖尿病|本態性高血圧症|急性気管支炎|片頭痛|うつ病エピソード|腰痛症|気管支喘息|鉄欠乏性貧血'),
    complaints: list('三日前から咳と発熱|労作時の胸痛|膝手術後の経過観察|朝のめまい|両腕の発疹|不眠'),
    allergies: list('ペニシリン|ピーナッツ|卵|花粉|そば'),
    products: list(
      `ヘアライン仕上げのアルミ製卓上ライト。明るさは三段階。|通気性の良い生地で、洗濯機で洗えます。|四点セット、食洗機対応。|トップページの既定の文章です。`,
    ),
  },
  pt: {
    sentences:
      list(`Estou à espera do reembolso desde {d}.|Por favor, liguem-me para {p}.|A senhora {n} disse que a encomenda se perdeu.|O entregador deixou com o meu vizinho {n}.|Estou muito insatisfeito com a forma como fui tratado.|Ótimo atendimento, recomendo.|Podem escrever para {e}.
      |Chegou atrasado duas vezes porque a filha está doente.|O meu marido abriu a caixa e faltava uma peça.|Obrigado pela ajuda rápida!`),
    subjects: list(
      'Reembolso do meu pedido|Não consigo entrar|Dúvida de {n}|Reclamação sobre o motorista|Mudança de endereço|Consulta de {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus tipo 2|Hipertensão essencial|Bronquite aguda|Enxaqueca sem aura|Episódio depressivo|Dor lombar|Asma|Anemia ferropriva',
    ),
    complaints: list(
      'Tosse e febre há três dias|Dor no peito ao esforço|Retorno após cirurgia do joelho|Tontura pela manhã|Manchas nos braços|Insônia',
    ),
    allergies: list('Penicilina|Amendoim|Látex|Pólen|Glúten'),
    products: list(
      `Candeeiro de mesa em alumínio escovado, três níveis de brilho.|Tecido respirável, lavável a trinta graus.|Conjunto de quatro peças, próprio para máquina de lavar louça.|Texto padrão da página inicial.`,
    ),
  },
  sv: {
    sentences:
      list(`Jag har väntat på min återbetalning sedan {d}.|Ring mig gärna på {p}.|{n} sa att paketet hade kommit bort.|Budet lämnade det hos min granne {n}.|Jag är mycket missnöjd med hur jag blev bemött.|Utmärkt service, rekommenderas.|Ni kan skriva till mig på {e}.
      |Han kom för sent två gånger eftersom hans dotter är sjuk.|Min man öppnade lådan och en del saknades.|Tack för den snabba hjälpen!`),
    subjects: list('Återbetalning av min beställning|Kan inte logga in|Fråga från {n}|Klagomål på föraren|Ny adress|Tid den {d}'),
    diagnoses: list(
      'Diabetes mellitus typ 2|Essentiell hypertoni|Akut bronkit|Migrän utan aura|Depressiv episod|Ländryggssmärta|Astma|Järnbristanemi',
    ),
    complaints: list(
      'Hosta och feber i tre dagar|Bröstsmärta vid ansträngning|Kontroll efter knäoperation|Yrsel på morgonen|Utslag på armarna|Sömnproblem',
    ),
    allergies: list('Penicillin|Jordnötter|Latex|Pollen|Gluten'),
    products: list(
      `Bordslampa i borstad aluminium med tre ljusstyrkor.|Andningsbart tyg, tvättas i trettio grader.|Fyra delar, tål maskindisk.|Förvald text på startsidan.`,
    ),
  },
};

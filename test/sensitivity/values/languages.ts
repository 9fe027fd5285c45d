/**
 * What people write about each other, in eleven languages; `{n}` a name, `{p}` a telephone number, `{e}` an e-mail address, `{d}` a date.
 * Written for these tests.
 */
export interface Language {
  /** Sentences of tickets, notes, reviews, letters. */
  readonly sentences: readonly string[];
  readonly subjects: readonly string[];
  readonly diagnoses: readonly string[];
  /** Why somebody came, what was found. */
  readonly complaints: readonly string[];
  readonly allergies: readonly string[];
}

const list = (text: string): readonly string[] => text.split('|').map((each) => each.trim());

export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: {
    sentences:
      list(`I have been waiting for my refund since {d}.|Please call me back on {p}.|{n} told me that the parcel was lost.|The delivery man left it with my neighbour {n}.|I am very unhappy with how I was treated.|Great service, I would order again.
      |You can write to me at {e}.|He was late twice this week because his daughter is ill.|My husband opened the box and one piece was missing.|She asked for a longer deadline and was friendly about it.|Thanks for your quick help yesterday!`),
    subjects: list(
      'Refund for my order|Cannot log in any more|Question from {n}|Complaint about your driver|Change of address|My invoice is wrong|Appointment on {d}',
    ),
    diagnoses: list(
      'Type 2 diabetes mellitus|Essential hypertension|Acute bronchitis|Migraine without aura|Major depressive episode|Low back pain|Bronchial asthma|Iron deficiency anaemia',
    ),
    complaints: list(
      'Cough and fever for three days|Chest pain on exertion|Follow-up after knee surgery|Patient reports dizziness in the morning|Skin rash on both arms|Trouble sleeping, anxious',
    ),
    allergies: list('Penicillin|Peanuts|Latex|Pollen|Gluten|Bee venom'),
  },
  de: {
    sentences:
      list(`Ich warte seit dem {d} auf meine Erstattung.|Bitte rufen Sie mich unter {p} zurück.|Frau {n} hat mir gesagt, das Paket sei verloren.|Der Bote hat es beim Nachbarn {n} abgegeben.|Ich bin sehr unzufrieden damit, wie man mich behandelt hat.
      |Sie erreichen mich unter {e}.|Er kam diese Woche zweimal zu spät, weil seine Tochter krank ist.|Sehr zuverlässig, arbeitet sich schnell ein.|Vielen Dank für die schnelle Hilfe gestern!|Meine Frau hat das Paket geöffnet und es fehlte ein Teil.`),
    subjects: list(
      'Erstattung meiner Bestellung|Kann mich nicht mehr anmelden|Frage von {n}|Beschwerde über den Fahrer|Neue Anschrift|Termin am {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus Typ 2|Essentielle Hypertonie|Akute Bronchitis|Migräne ohne Aura|Depressive Episode|Kreuzschmerzen|Asthma bronchiale|Eisenmangelanämie',
    ),
    complaints: list(
      'Husten und Fieber seit drei Tagen|Schmerzen in der Brust bei Belastung|Kontrolle nach Knieoperation|Schwindel am Morgen|Hautausschlag an beiden Armen|Schlafstörungen',
    ),
    allergies: list('Penicillin|Erdnüsse|Latex|Gräserpollen|Gluten|Bienengift'),
  },
  fr: {
    sentences:
      list(`J’attends mon remboursement depuis le {d}.|Merci de me rappeler au {p}.|Mme {n} m’a dit que le colis était perdu.|Le livreur l’a laissé chez mon voisin {n}.|Je suis très déçu de la façon dont on m’a traité.|Service parfait, je recommande.
      |Vous pouvez m’écrire à {e}.|Il est arrivé deux fois en retard parce que sa fille est malade.|Mon mari a ouvert la boîte et il manquait une pièce.|Merci pour votre aide rapide hier !`),
    subjects: list(
      'Remboursement de ma commande|Impossible de me connecter|Question de {n}|Réclamation au sujet du livreur|Nouvelle adresse|Rendez-vous du {d}',
    ),
    diagnoses: list(
      'Diabète de type 2|Hypertension essentielle|Bronchite aiguë|Migraine sans aura|Épisode dépressif|Lombalgie|Asthme|Anémie ferriprive',
    ),
    complaints: list(
      'Toux et fièvre depuis trois jours|Douleur thoracique à l’effort|Contrôle après opération du genou|Vertiges le matin|Éruption cutanée|Troubles du sommeil',
    ),
    allergies: list('Pénicilline|Arachides|Latex|Pollen|Gluten'),
  },
  es: {
    sentences:
      list(`Espero mi reembolso desde el {d}.|Por favor, llámeme al {p}.|{n} me dijo que el paquete se había perdido.|El repartidor lo dejó con mi vecino {n}.|Estoy muy descontento con el trato recibido.|Muy buen servicio, volveré a comprar.|Puede escribirme a {e}.
      |Llegó tarde dos veces porque su hija está enferma.|Mi marido abrió la caja y faltaba una pieza.|¡Gracias por su rápida ayuda!`),
    subjects: list(
      'Reembolso de mi pedido|No puedo entrar|Consulta de {n}|Queja sobre el repartidor|Cambio de domicilio|Cita del {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus tipo 2|Hipertensión esencial|Bronquitis aguda|Migraña sin aura|Episodio depresivo|Lumbalgia|Asma bronquial|Anemia ferropénica',
    ),
    complaints: list(
      'Tos y fiebre desde hace tres días|Dolor torácico al esfuerzo|Revisión tras operación de rodilla|Mareos por la mañana|Erupción en los brazos|Insomnio y ansiedad',
    ),
    allergies: list('Penicilina|Cacahuetes|Látex|Polen|Gluten'),
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
  },
  ja: {
    sentences:
      list(`{d}から返金を待っています。|{p}までお電話ください。|{n}さんから荷物が紛失したと聞きました。|配達員が隣の{n}さんに預けたそうです。|対応にとても不満です。|とても良いサービスでした。また注文します。|{e}までご連絡ください。|娘さんが病気のため、今週二回遅刻しました。
      |夫が箱を開けたら部品が一つ足りませんでした。|昨日は早速のご対応ありがとうございました。`),
    subjects: list('注文の返金について|ログインできません|{n}より質問|配達員への苦情|住所変更のお知らせ|{d}の予約'),
    diagnoses: list('2型糖尿病|本態性高血圧症|急性気管支炎|片頭痛|うつ病エピソード|腰痛症|気管支喘息|鉄欠乏性貧血'),
    complaints: list('三日前から咳と発熱|労作時の胸痛|膝手術後の経過観察|朝のめまい|両腕の発疹|不眠'),
    allergies: list('ペニシリン|ピーナッツ|卵|花粉|そば'),
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
  },
};

/** German, Dutch and the Nordic languages: heads come last, and compounds are written as one word. */
import type { Lexicon } from '../lexicon.ts';

export const GERMAN: Lexicon = {
  language: 'de',
  says: {
    'pii.email':
      'mailadresse, emailadresse, e mail adresse, email adresse, elektronische post, kontaktmail, empfängeradresse mail',
    'pii.phone': `telefon, telefonnummer, telefonnr, telefon nr, telnr, tel nr, handy, handynummer, handynr, mobilnummer, mobilnr, mobiltelefon, mobilfunk, mobilfunknummer, rufnummer, durchwahl,
      faxnummer, telefax, festnetz, festnetznummer, rückrufnummer, rueckrufnummer, fon`,
    'pii.name': `vorname, vornamen, nachname, nachnamen, familienname, geburtsname, zuname, rufname, mädchenname, maedchenname, vollname, ansprechpartner, kontoinhaber, karteninhaber, kundenname, patientenname,
      mitarbeitername, benutzername, anzeigename benutzer, vor und nachname, vollständiger name, spitzname, empfängername, inhabername, ansprechperson, sachbearbeiter, kontaktperson, nutzername, notfallkontakt, lieferantenkontakt`,
    'pii.address': `adresse, anschrift, strasse, straße, str, hausnummer, hausnr, haus nr, postleitzahl, plz, wohnort, adresszusatz, anschriftzeile, lieferadresse, rechnungsadresse, lieferanschrift, rechnungsanschrift, postanschrift, wohnadresse, adresszeile, strasse nr, strasse hausnummer, geburtsort, postfach, wohnsitz, privatadresse, zustelladresse`,
    'pii.national-id': `steuerid, steuer id, steuernummer, steuer nr, steueridentifikationsnummer, steueridnr, idnr, steuer identifikationsnummer, sozialversicherungsnummer, sozialversicherungsnr, sv nummer, sv nr, svnr, svnummer, rentenversicherungsnummer, personalausweis, personalausweisnummer, ausweisnummer, ausweisnr, ausweis nr, ahv, ahv nummer, ahvnr, ahv nr, versichertennummer, versichertennr, krankenversichertennummer, krankenversicherungsnummer, führerschein, führerscheinnummer, fuehrerscheinnummer, personenkennzahl, personenkennziffer, kvnr, rvnr`,
    'pii.passport': 'reisepass, reisepassnummer, reisepassnr, passnummer, passnr, pass nr, pass nummer',
    'pii.ip': 'ip adresse, ipadresse, mac adresse',
    'pii.location': 'breitengrad, längengrad, laengengrad, koordinaten, standort koordinaten, geokoordinaten, geoposition',
    'pii.health':
      'diagnose, diagnosen, befund, befunde, krankheit, krankheiten, allergie, allergien, medikament, medikamente, medikation, blutgruppe, krankengeschichte, anamnese, behandlung, behandlungen, symptome, behinderung, behinderungsgrad, schwerbehinderung, schwangerschaft, impfstatus, impfung, impfungen, vorerkrankung, vorerkrankungen, krankmeldung, arbeitsunfähigkeit, krankheitsgrund, blutdruck, blutzucker, unverträglichkeiten, dosierung',
    'pii.birth-date':
      'geburtsdatum, geburtstag, gebdatum, geb datum, gebdat, geboren, geboren am, geburtsjahr, gebjahr, geb, geb am',
    'pii.free-text':
      'notiz, notizen, bemerkung, bemerkungen, anmerkung, anmerkungen, kommentar, kommentare, freitext, nachricht, nachrichtentext, mitteilung, beschwerde, beschwerdetext, sonderwünsche, sonderwunsch, lieferhinweis, lieferhinweise, rückmeldung, vermerk, aktennotiz, gesprächsnotiz, lebenslauf, hinweise, kundenhinweis, interne notiz, zusatzinfo, begründung',
    'financial.card': 'kartennummer, kreditkarte, kreditkartennummer, kreditkartennr, kartennr, karten nr, kk nummer, kknr',
    'financial.iban': 'kontonummer, kontonr, konto nr, bankverbindung, bankkonto, bankleitzahl, blz',
    'financial.salary':
      'gehalt, gehälter, bruttogehalt, nettogehalt, grundgehalt, jahresgehalt, monatsgehalt, lohn, bruttolohn, nettolohn, stundenlohn, einkommen, jahreseinkommen, verdienst, vergütung, verguetung, entgelt, prämie, wunschgehalt, gehaltswunsch, brutto jahresgehalt',
    secret:
      'passwort, passwörter, passwort hash, kennwort, geheimnis, geheim, schlüssel privat, zugangsdaten, zugangscode, sicherheitsfrage antwort, sicherheitscode, prüfziffer karte, zugriffstoken, losung, pinnummer, tan, einmalpasswort, kennwort hash',
  },
  mostly: { 'pii.address': 'ort, zusatz adresse, stadtteil', 'pii.health': 'gewicht, körpergröße, groesse cm' },
  among: {
    'pii.name': 'bezeichnung person, anrede name, namen, inhaber, titel vorname, bearbeiter, arzt, hausarzt',
    'pii.address': 'stadt, gemeinde, kanton, bundesland, kreis, stadtbezirk, etage, stockwerk, wohnung',
    'pii.free-text':
      'beschreibung, text, inhalt, betreff, grund, anfrage, antwort, anliegen, details, info, besonderheiten, verwendungszweck, stellungnahme',
    'pii.location': 'standort, lage, ort',
    'financial.iban': 'konto',
    'pii.national-id': 'kennnummer, ausweis',
  },
  hints: {
    'pii.name': 'kunde, patient, mitarbeiter, benutzer, erstellt von, geändert von, verantwortlich',
    'financial.card': 'karte',
  },
  person:
    'kunde, kunden, kundin, klient, klienten, mitarbeiter, angestellte, angestellter, person, personen, patient, patienten, benutzer, nutzer, mitglied, mitglieder, schüler, schueler, student, studenten, studierende, teilnehmer, mieter, vermieter, bewohner, bewerber, kontakt, kontakte, lehrer, arzt, ärzte, aerzte, fahrer, gast, gäste, gaeste, versicherter, versicherte, versicherten, empfänger, absender, besteller, personal, bürger, buerger, einwohner, angehörige, autor, autoren, vor, nach, familien, geburts, halter, käufer, verkäufer, spender, anwalt, mandant, mandanten, eltern, kind, kinder, leser',
  thing:
    'produkt, produkte, artikel, kategorie, kategorien, datei, dateien, abteilung, abteilungen, rolle, rollen, währung, waren, ware, projekt, projekte, aufgabe, aufgaben, buch, bücher, buecher, gerät, geräte, fahrzeug, fahrzeuge, kurs, kurse, gruppe, gruppen, einstellung, einstellungen, tabelle, spalte, feld, sprache, sprachen, farbe, einheit, einheiten, lager, material, zutat, rezept, gericht, marke, hersteller, fach, fächer, stelle, stellen, veranstaltung, veranstaltungen, raum, räume',
  organisation:
    'firma, firmen, unternehmen, lieferant, lieferanten, filiale, filialen, niederlassung, händler, land, länder, laender, region, regionen, stadt, städte, schule, schulen, krankenhaus, krankenhäuser, klinik, kliniken, praxis, praxen, bank, banken, verein, vereine, standort, standorte, behörde',
  deal: 'bestellung, bestellungen, auftrag, aufträge, auftraege, rechnung, rechnungen, buchung, buchungen, lieferung, lieferungen, zahlung, zahlungen, reservierung, reservierungen, termin, termine, vertrag, verträge, vertraege, adressen, anschriften, besuch, besuche, aufenthalt, untersuchung, untersuchungen, überweisung, miete',
  writing:
    'nachrichten, bewertung, bewertungen, anfragen, rezension, rezensionen, beschwerden, protokoll gespräch, beitrag, beiträge',
  turns:
    'anzahl, typ, art, status, datum, uhrzeit, nummer der, kennzeichen, bestätigt, gültig, aktiv, kennung, präfix, vorwahl, format, vorlage, geändert, erstellt, ablauf, gültig bis, ländercode, versuche, anbieter',
  turnsAhead: 'anzahl, ist, hat, zähler, letzte änderung',
  harmless:
    'land, ländercode, währung, sprache, geschlecht, familienstand, art, typ, anrede, titel, abteilung, kategorie, einheit, farbe, bezeichnung, kürzel, kennung, artikelnummer, bestellnummer, rechnungsnummer, auftragsnummer, kundennummer, kundennr, firma, unternehmen, beruf, staatsangehörigkeit, nationalität, lieferstatus, zahlungsart, versandart, produktname, artikelname, kennzeichen, dateiname',
  filler:
    'nummer, nr, privat, geschäftlich, dienstlich, mobil, haupt, aktuell, alt, neu, des, der, die, das, und, von, vom, am, letzte, erste, zweite, zusatz, kontakt, rechnungs, liefer, angabe, daten, kunden',
};

export const DUTCH: Lexicon = {
  language: 'nl',
  says: {
    'pii.email': 'emailadres, e mailadres, mailadres, e mail adres',
    'pii.phone':
      'telefoon, telefoonnummer, telefoonnr, mobiel, mobiel nummer, mobielnummer, gsm, gsm nummer, faxnummer, mobiele telefoon, vast nummer',
    'pii.name':
      'voornaam, voornamen, achternaam, familienaam, tussenvoegsel, tussenvoegsels, roepnaam, voorletters, volledige naam, gebruikersnaam, klantnaam, geboortenaam, naam rekeninghouder, rekeninghouder, contactpersoon, meisjesnaam, voorvoegsel achternaam',
    'pii.address':
      'adres, straat, straatnaam, huisnummer, huisnr, huisnummertoevoeging, huisletter, postkode, woonplaats, adresregel, factuuradres, afleveradres, bezorgadres, verzendadres, woonadres, postadres, geboorteplaats',
    'pii.national-id':
      'bsn, bsn nummer, burgerservicenummer, sofinummer, sofi nummer, rijksregisternummer, insz, nationaal nummer, identiteitskaart, identiteitskaartnummer, rijbewijs, rijbewijsnummer, id nummer, identiteitsnummer',
    'pii.passport': 'paspoort, paspoortnummer, paspoortnr',
    'pii.ip': 'ip adres',
    'pii.location': 'breedtegraad, lengtegraad, coördinaten',
    'pii.health':
      'diagnose, ziekte, ziektes, allergie, allergieën, medicatie, medicijn, medicijnen, bloedgroep, behandeling, medische geschiedenis, ziekmelding, handicap, zwangerschap, klachten medisch, aandoening',
    'pii.birth-date': 'geboortedatum, geboortedag, geb datum, geboortejaar, verjaardag, geboren, geboren op',
    'pii.free-text':
      'opmerking, opmerkingen, notitie, notities, aantekening, aantekeningen, toelichting, bericht, klacht, reactie, vrije tekst',
    'financial.card': 'kaartnummer, creditcardnummer, pasnummer, bankpas',
    'financial.iban': 'rekeningnummer, bankrekening, bankrekeningnummer, banknummer',
    'financial.salary':
      'salaris, brutosalaris, nettosalaris, loon, brutoloon, uurloon, inkomen, jaarinkomen, jaarsalaris, maandsalaris',
    secret: 'wachtwoord, wachtwoord hash, geheim, sleutel privé, toegangscode, pincode',
  },
  mostly: { 'pii.address': 'plaats' },
  among: {
    'pii.name': 'naam',
    'pii.address': 'stad, gemeente, provincie',
    'pii.free-text': 'omschrijving, beschrijving, tekst, inhoud, onderwerp, vraag, antwoord, reden',
  },
  person:
    'klant, klanten, medewerker, medewerkers, werknemer, werknemers, persoon, personen, patienten, patiënt, gebruiker, gebruikers, lid, leden, leerling, leerlingen, studenten, bewoner, huurder, gast, contactpersonen, deelnemer, deelnemers, bezoeker, verzekerde, voor, achter, relatie, relaties',
  thing:
    'producten, artikelen, categorie, categorieen, bestand, bestanden, afdeling, afdelingen, rol, rollen, valuta, taak, taken, boek, boeken, voertuig, cursus, cursussen, groep, groepen',
  organisation:
    'bedrijf, bedrijven, leverancier, leveranciers, filiaal, filialen, landen, ziekenhuis, vestiging, vestigingen, werkgever',
  deal: 'bestelling, bestellingen, factuur, facturen, boeking, boekingen, levering, leveringen, betaling, betalingen, reservering, reserveringen, afspraak, afspraken, adressen',
  turns: 'aantal, soort, datum, gewijzigd, aangemaakt, landcode',
  turnsAhead: 'aantal, heeft',
  harmless:
    'geslacht, afdeling, functie, valuta, taal, eenheid, kleur, categorie, bedrijf, bedrijfsnaam, productnaam, klantnummer, ordernummer, factuurnummer, burgerlijke staat, nationaliteit, landcode',
  filler: 'nummer, zakelijk, prive, mobiel, huidig, van, het, de, en',
};

export const SWEDISH: Lexicon = {
  language: 'sv',
  says: {
    'pii.email': 'epost, e post, epostadress, e postadress, mejl, mejladress, mailadress',
    'pii.phone': 'telefonnummer, mobilnummer, mobil, hemtelefon, arbetstelefon, mobiltelefon, telefonnr, telnr',
    'pii.name': 'förnamn, efternamn, mellannamn, tilltalsnamn, fullständigt namn, användarnamn, kundnamn, kontaktperson',
    'pii.address':
      'adress, gatuadress, gata, gatunamn, postnummer, postnr, hemadress, leveransadress, fakturaadress, bostadsadress, husnummer, födelseort',
    'pii.national-id': 'personnummer, personnr, pnr, samordningsnummer, körkortsnummer, körkort, legitimation',
    'pii.passport': 'passnummer, passnr',
    'pii.health':
      'diagnos, diagnoser, sjukdom, sjukdomar, allergi, allergier, medicin, mediciner, blodgrupp, behandling, funktionsnedsättning, sjukskrivning, läkemedel',
    'pii.birth-date': 'födelsedatum, födelsedag, född, födelseår, födelsetid',
    'pii.free-text': 'anteckning, anteckningar, kommentar, kommentarer, meddelande, anmärkning, fritext, klagomål',
    'financial.card': 'kortnummer, kreditkort, kreditkortsnummer',
    'financial.iban': 'kontonummer, bankkonto, bankgiro, plusgiro, clearingnummer',
    'financial.salary': 'lön, månadslön, timlön, inkomst, årslön, grundlön, bruttolön',
    secret: 'lösenord, lösen, hemlighet, lösenordshash',
  },
  mostly: { 'pii.address': 'postort, ort' },
  among: { 'pii.name': 'namn', 'pii.address': 'stad, kommun, län', 'pii.free-text': 'beskrivning, text, innehåll, ämne, orsak' },
  person:
    'kund, kunder, anställd, anställda, användare, medlem, medlemmar, elev, elever, patienter, personer, personal, deltagare, förare, gäst, gäster, hyresgäst, för, efter, medarbetare',
  thing: 'produkt, produkter, artiklar, kategori, kategorier, avdelning, roll, fil, filer, valuta, kurser, grupp',
  organisation: 'företag, leverantör, leverantörer, butik, butiker, länder, sjukhus, skola',
  deal: 'beställning, beställningar, faktura, fakturor, bokning, bokningar, betalning, betalningar, leverans, adresser, order',
  turns: 'antal, typ, datum, ändrad, skapad',
  turnsAhead: 'antal, har, är',
  harmless: 'kön, avdelning, valuta, språk, enhet, färg, kategori, företag, företagsnamn, ordernummer, fakturanummer, kundnummer',
  filler: 'nummer, och',
};

export const DANISH_NORWEGIAN: Lexicon = {
  language: 'da',
  says: {
    'pii.email': 'e postadresse, epostadresse, e mailadresse, emailadresse',
    'pii.phone': 'telefonnummer, mobilnummer, mobiltelefon, tlf, tlfnr, tlf nr, telefonnr, mobilnr',
    'pii.name':
      'fornavn, efternavn, etternavn, mellemnavn, mellomnavn, fulde navn, fullt navn, brugernavn, brukernavn, kundenavn, kontaktperson, pikenavn',
    'pii.address':
      'adresse, gade, vej, gate, gateadresse, vejnavn, postnummer, postnr, hjemmeadresse, leveringsadresse, fakturaadresse, bopæl, bosted, husnr, fødested',
    'pii.national-id':
      'cpr, cprnr, cpr nr, cpr nummer, cprnummer, personnummer, personnr, fødselsnummer, fodselsnummer, fnr, kørekort, kørekortnummer, førerkort, hetu, henkilötunnus, henkilotunnus, kennitala, isikukood, asmens kodas, personas kods, sosiaaliturvatunnus',
    'pii.passport': 'pasnummer, passnummer, pasnr, passi, passinumero',
    'pii.health':
      'diagnose, diagnoser, sygdom, sykdom, allergi, allergier, medicin, medisin, medisiner, blodtype, behandling, sykmelding, diagnoosi, allergiat, lääkitys, sairaus, veriryhmä',
    'pii.birth-date':
      'fødselsdato, fødselsdag, født, fødselsår, fodselsdato, foedselsdato, syntymäaika, syntymäpäivä, syntymaaika, fødedato',
    'pii.free-text':
      'bemærkning, bemærkninger, merknad, merknader, kommentar, kommentarer, besked, melding, notat, notater, huomautus, huomautukset, viesti, kommentti, klage, fritekst',
    'financial.card': 'kortnummer, kortnr, kredittkort, kreditkort, luottokortti',
    'financial.iban': 'kontonummer, kontonr, bankkonto, tilinumero, pankkitili',
    'financial.salary': 'løn, lønn, månedsløn, årsløn, timeløn, inntekt, indkomst, årslønn, palkka, lon, tulot',
    secret: 'adgangskode, kodeord, passord, hemmelighed, salasana, hemmelighet, salasanatiiviste',
  },
  mostly: {
    'pii.address': 'poststed, postby, postinumero, osoite, katuosoite, lähiosoite, postitoimipaikka',
    'pii.phone': 'puhelin, puhelinnumero, matkapuhelin, puh, gsm',
    'pii.email': 'sähköposti, sähköpostiosoite, sahkoposti',
  },
  among: {
    'pii.name': 'navn, nimi, etunimi, sukunimi, kutsumanimi',
    'pii.address': 'by, kommune, fylke, kaupunki, kunta',
    'pii.free-text': 'beskrivelse, tekst, indhold, innhold, emne, årsag, kuvaus, sisältö, teksti, selite',
  },
  person:
    'kunde, kunder, medarbejder, medarbejdere, ansat, ansatte, bruger, brugere, bruker, brukere, medlem, medlemmer, elev, elever, patienter, pasient, pasienter, personer, deltager, deltakere, asiakas, asiakkaat, henkilö, henkilöt, käyttäjä, potilas, työntekijä, jäsen, for, efter, etter, etu, suku',
  thing:
    'produkt, produkter, kategori, kategorier, afdeling, avdeling, rolle, roller, valuta, tuote, tuotteet, kategoria, osasto, rooli, tiedosto',
  organisation:
    'virksomhed, virksomheder, firma, leverandør, leverandører, butik, butikk, lande, yritys, yritykset, toimittaja, kauppa, sairaala',
  deal: 'bestilling, bestillinger, ordre, faktura, fakturaer, booking, betaling, betalinger, levering, tilaus, tilaukset, lasku, laskut, varaus, adresser',
  turns: 'antal, antall, type, dato, oprettet, opprettet, tila, pvm, määrä',
  turnsAhead: 'antal, antall, har, er',
  harmless:
    'køn, kjønn, afdeling, valuta, sprog, språk, enhed, enhet, farve, farge, kategori, sukupuoli, kieli, maa, valuutta, yksikkö, tyyppi, koodi',
  filler: 'nummer, og',
};

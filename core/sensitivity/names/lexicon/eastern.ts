/** Polish, Czech and Slovak, Russian and Ukrainian, Croatian and Serbian, Hungarian, Turkish, Greek. */
import type { Lexicon } from '../lexicon.ts';

export const POLISH: Lexicon = {
  language: 'pl',
  headFirst: true,
  says: {
    'pii.email': 'poczta, adres email, adres mail, adres e mail, poczta elektroniczna',
    'pii.phone':
      'telefon, nr telefonu, numer telefonu, nrtelefonu, nr tel, telefon komórkowy, telefon komorkowy, komórka, komorka, tel kom, telefon stacjonarny',
    'pii.name':
      'imię, imie, imiona, nazwisko, nazwisko panieńskie, nazwisko panienskie, nazwisko rodowe, imię i nazwisko, imie nazwisko, imie i nazwisko, drugie imie, nazwa użytkownika, nazwa uzytkownika, imie ojca, imie matki, imie matki panienskie, osoba kontaktowa, dane osobowe',
    'pii.address':
      'adres, adres zamieszkania, adres dostawy, adres korespondencyjny, ulica, ul, nr domu, numer domu, nr mieszkania, nr lokalu, kod pocztowy, kodpocztowy, miejsce urodzenia, miejsce zamieszkania, adres zameldowania',
    'pii.national-id':
      'pesel, nr pesel, numer pesel, dowód osobisty, dowod osobisty, nr dowodu, numer dowodu, seria dowodu, nip, nr dowodu osobistego, prawo jazdy, nr prawa jazdy',
    'pii.passport': 'paszport, nr paszportu, numer paszportu',
    'pii.ip': 'adres ip',
    'pii.health':
      'diagnoza, rozpoznanie, choroba, choroby, alergia, alergie, lek, leki, grupa krwi, objawy, leczenie, niepełnosprawność, niepelnosprawnosc, ciaza, szczepienie, szczepienia, historia choroby, recepta, wywiad, zwolnienie lekarskie',
    'pii.birth-date': 'data urodzenia, dataurodzenia, data ur, urodzony, rok urodzenia, urodziny',
    'pii.free-text':
      'uwagi, uwaga, notatka, notatki, komentarz, komentarze, wiadomość, wiadomosc, skarga, reklamacja, opinia, adnotacja, adnotacje',
    'financial.card': 'numer karty, nr karty, karta kredytowa, numer karty kredytowej',
    'financial.iban': 'numer konta, nr konta, konto bankowe, rachunek bankowy, numer rachunku, nr rachunku, rachunek',
    'financial.salary':
      'pensja, wynagrodzenie, wynagrodzenie brutto, płaca, placa, placa pod, placa dod, zarobki, dochód, dochod, stawka godzinowa, premia, płaca podstawowa',
    secret: 'hasło, haslo, haslo hash, skrot hasla, klucz prywatny, klucz api, tajne, sekret, kod dostepu',
  },
  mostly: { 'pii.address': 'miejscowość, miejscowosc, poczta miejscowosc' },
  among: {
    'pii.address': 'miasto, województwo, wojewodztwo, powiat, gmina',
    'pii.free-text': 'opis, tekst, treść, tresc, temat, powód, powod, szczegoly',
    'pii.health': 'waga, wzrost',
  },
  person:
    'klient, klienci, klienta, pracownik, pracownicy, użytkownik, uzytkownik, uzytkownicy, osoba, osoby, pacjent, pacjenci, uczeń, uczen, uczniowie, student, studenci, nauczyciel, nauczyciele, lekarz, lekarze, członek, czlonkowie, kontakt, kontakty, gość, goscie, kierowca, kierowcy, czytelnik, czytelnicy, autor, autorzy, najemca, odbiorca, nadawca, uczestnik, uczestnicy, kandydat, wlasciciel',
  thing:
    'produkt, produkty, kategoria, kategorie, towar, towary, plik, pliki, rola, role, waluta, waluty, projekt, projekty, zadanie, zadania, ksiazka, ksiazki, pojazd, pojazdy, kurs, kursy, grupa, grupy, przedmiot, przedmioty, dzial, dzialy, stanowisko, stanowiska, usluga, uslugi, film, filmy',
  organisation:
    'firma, firmy, dostawca, dostawcy, sklep, sklepy, oddział, oddzialy, kraj, kraje, szpital, szpitale, szkola, szkoly, bank, miasta, kontrahent, kontrahenci',
  deal: 'zamówienie, zamowienie, zamowienia, faktura, faktury, rezerwacja, rezerwacje, płatność, platnosci, sprzedaz, dostawa, dostawy, wizyta, wizyty, umowa, umowy, wypozyczenie, wypozyczenia, adresy',
  turnsAhead: 'typ, liczba, ilosc, data, status, czy, rodzaj, id',
  turns: 'typ, liczba, ilosc, status, potwierdzony, aktywny',
  harmless:
    'kod, typ, stan, waluta, kraj, język, jezyk, płeć, plec, kategoria, jednostka, kolor, marka, stanowisko, zawód, zawod, narodowosc, obywatelstwo, nazwa, nazwa firmy, nazwa produktu, numer zamówienia, tytuł, tytul, regon, dzial, rodzaj',
  filler: 'numer, nr, i, domowy, sluzbowy, prywatny, glowny, dostawy',
};

export const CZECH: Lexicon = {
  language: 'cs',
  headFirst: true,
  says: {
    'pii.email': 'emailova adresa, e mailova adresa, elektronicka posta',
    'pii.phone': 'telefon, telefonni cislo, telefonní číslo, tel cislo, mobil, mobilni telefon, telefonne cislo',
    'pii.name':
      'jméno, jmeno, příjmení, prijmeni, krestni jmeno, rodne prijmeni, celé jméno, cele jmeno, jmeno prijmeni, uzivatelske jmeno, prezyvka, meno, priezvisko, krstne meno, kontaktni osoba, rodné příjmení',
    'pii.address':
      'adresa, ulice, ulica, psc, psč, cislo popisne, cislo domu, dorucovaci adresa, fakturacni adresa, bydliste, bydlisko, trvale bydliste, misto narozeni, miesto narodenia',
    'pii.national-id':
      'rodné číslo, rodne cislo, rodnecislo, rc, cislo op, číslo op, obcansky prukaz, občanský průkaz, cislo obcanskeho prukazu, ridicsky prukaz, obciansky preukaz, jmbg, oib, emso, egn',
    'pii.passport': 'cestovni pas, cislo pasu, číslo pasu',
    'pii.health':
      'diagnóza, diagnoza, nemoc, nemoci, alergie, alergia, leky, léky, krevni skupina, příznaky, lecba, léčba, zdravotni pojistovna, zdravotni stav, postizeni, anamneza',
    'pii.birth-date': 'datum narození, datum narozeni, datumnarozeni, narozen, rok narozeni, datum narodenia, narozeniny',
    'pii.free-text': 'poznámka, poznamka, poznámky, poznamky, komentář, komentar, zpráva, zprava, stiznost, sprava text',
    'financial.card': 'cislo karty, číslo karty, kreditni karta, platebni karta',
    'financial.iban': 'cislo uctu, číslo účtu, bankovni ucet, bankovní účet, ucet',
    'financial.salary': 'plat, mzda, hruba mzda, cista mzda, prijem, příjem, plát',
    secret: 'heslo, hesla, heslo hash, tajny klic, tajné, tajemstvi',
  },
  mostly: { 'pii.address': 'obec, mesto' },
  among: {
    'pii.address': 'město, okres, kraj',
    'pii.free-text': 'popis, text, obsah, predmet, duvod',
    'pii.health': 'vaha, vyska',
  },
  person:
    'zákazník, zakaznik, zakaznici, zamestnanec, zaměstnanec, zamestnanci, uživatel, uzivatel, uzivatele, osoba, osoby, pacient, pacienti, zak, zaci, student, studenti, ucitel, lekar, clen, clenove, kontakt, host, ridic, ctenar, autor, najemnik, klient, klienti',
  thing:
    'produkt, produkty, kategorie, zbozi, soubor, role, mena, projekt, ukol, kniha, knihy, vozidlo, kurz, skupina, predmet, oddeleni, sluzba',
  organisation: 'firma, firmy, dodavatel, dodavatele, obchod, pobocka, stat, staty, zeme, nemocnice, skola, banka',
  deal: 'objednávka, objednavka, objednavky, faktura, faktury, rezervace, platba, platby, prodej, dodavka, navsteva, smlouva, vypujcka, adresy',
  turnsAhead: 'typ, pocet, datum, stav, je, ma, druh',
  turns: 'typ, pocet, stav, overen, aktivni',
  harmless:
    'kod, typ, stav, mena, zeme, jazyk, pohlavi, kategorie, jednotka, barva, znacka, pozice, povolani, narodnost, obcanstvi, nazev, ico, dic, nazev firmy, titul',
  filler: 'cislo, a',
};

export const RUSSIAN: Lexicon = {
  language: 'ru',
  headFirst: true,
  says: {
    'pii.email':
      'почта, электронная почта, электронный адрес, имейл, емейл, эл почта, пошта, електронна пошта, elektronnaya pochta, pochta, elpochta',
    'pii.phone':
      'телефон, номер телефона, мобильный, мобильный телефон, сотовый, тел, факс, nomer telefona, mobilnyj, telefon klienta, номер телефону, мобільний',
    'pii.name':
      'имя, фамилия, отчество, фио, имя пользователя, полное имя, familiya, imya, otchestvo, fio, familia, контактное лицо, имя клиента, прізвище, по батькові, ім я, имя отчество, логин, псевдоним',
    'pii.address':
      'адрес, улица, дом, квартира, почтовый индекс, индекс, адрес доставки, адрес проживания, место рождения, место жительства, adres, ulitsa, ulica, адреса, вулиця, адрес регистрации',
    'pii.national-id':
      'инн, снилс, паспортные данные, inn, snils, водительское удостоверение, номер паспорта рф, іпн, единый номер, полис омс, полис, удостоверение личности',
    'pii.passport':
      'паспорт, номер паспорта, серия паспорта, загранпаспорт, серия номер паспорта, pasport, nomer pasporta, паспорт серия, паспорт номер',
    'pii.ip': 'ip адрес, айпи',
    'pii.location': 'широта, долгота, координаты, shirota, dolgota',
    'pii.health':
      'диагноз, болезнь, заболевание, аллергия, аллергии, лекарство, лекарства, группа крови, симптомы, лечение, инвалидность, беременность, прививки, анамнез, diagnoz, жалобы, діагноз, назначение',
    'pii.birth-date': 'дата рождения, день рождения, год рождения, data rozhdeniya, дата народження, др',
    'pii.free-text':
      'примечание, примечания, заметка, заметки, комментарий, комментарии, сообщение, отзыв, жалоба, замечание, primechanie, kommentarij, kommentariy, примітка, коментар, повідомлення, пожелания',
    'financial.card': 'номер карты, банковская карта, кредитная карта, nomer karty',
    'financial.iban':
      'номер счета, номер счёта, расчетный счет, банковский счет, счет, лицевой счет, бик, nomer scheta, реквизиты',
    'financial.salary': 'зарплата, оклад, заработная плата, доход, доходы, премия, zarplata, oklad',
    secret:
      'пароль, хеш пароля, хэш пароля, секрет, токен, ключ доступа, секретный ключ, parol, закрытый ключ, код подтверждения, пінкод, пинкод',
  },
  among: {
    'pii.address': 'город, область, район, gorod, місто',
    'pii.free-text': 'описание, текст, содержание, тема, причина, вопрос, ответ, opisanie, опис',
    'pii.health': 'вес, рост',
    'pii.name': 'назва особи',
  },
  person:
    'клиент, клиенты, пользователь, пользователи, сотрудник, сотрудники, работник, работники, человек, люди, пациент, пациенты, студент, студенты, ученик, ученики, преподаватель, врач, врачи, контакт, контакты, покупатель, покупатели, водитель, гость, житель, автор, авторы, klient, klienty, polzovatel, polzovateli, sotrudnik, sotrudniki, заказчик, получатель, отправитель, клієнт, користувач, персона, персоны, физлица',
  thing:
    'товар, товары, продукт, продукты, категория, категории, файл, файлы, роль, роли, валюта, проект, проекты, задача, задачи, книга, книги, автомобиль, курс, курсы, группа, группы, предмет, отдел, отделы, должность, должности, услуга, услуги, tovar, tovary, фильмы',
  organisation:
    'компания, компании, организация, организации, поставщик, поставщики, магазин, магазины, филиал, страна, страны, города, больница, школа, банк, склад, фирма',
  deal: 'заказ, заказы, счет фактура, бронирование, платеж, платежи, продажа, продажи, покупка, доставка, прием, приемы, договор, договоры, адреса, zakaz, zakazy, визит, визиты, замовлення',
  writing: 'сообщения, отзывы, обращение, обращения, жалобы',
  turnsAhead: 'тип, количество, дата, статус, вид, код, ид',
  turns: 'тип, количество, статус',
  harmless:
    'код, тип, статус, валюта, страна, язык, пол, категория, единица, цвет, марка, модель, должность, профессия, гражданство, национальность, название, наименование, номер заказа, компания, организация, название товара, артикул, заголовок, назва',
  filler: 'номер, и, основной, рабочий, домашний, дополнительный, клиента, пользователя',
};

export const TURKISH: Lexicon = {
  language: 'tr',
  says: {
    'pii.email': 'eposta, e posta, eposta adresi, e posta adresi, email adresi, mail adresi',
    'pii.phone':
      'telefon, telefon numarası, telefon no, telefonno, cep telefonu, cep tel, cep, ceptel, gsm, gsm no, telefon numarasi, irtibat numarasi, ev telefonu, is telefonu',
    'pii.name':
      'adı, soyadı, soyad, soyadi, soyisim, ad soyad, adsoyad, adi soyadi, tam ad, kullanıcı adı, kullanici adi, kullaniciadi, isim soyisim, baba adi, ana adi, anne adi, kızlık soyadı, kizlik soyadi, yetkili kisi, musteri adi, personel adi, hasta adi, ilgili kisi, kart sahibi, isim',
    'pii.address':
      'adres, adresi, adres satiri, sokak, cadde, mahalle, posta kodu, postakodu, ev adresi, teslimat adresi, fatura adresi, doğum yeri, dogum yeri, kapi no, daire no',
    'pii.national-id':
      'tc, tckn, tc no, tcno, tc kimlik, tc kimlik no, tckimlikno, kimlik no, kimlikno, kimlik numarası, kimlik numarasi, vergi no, vergi kimlik no, vkn, sgk no, ehliyet no, sicil no',
    'pii.passport': 'pasaport, pasaport no, pasaport numarası, pasaportno',
    'pii.ip': 'ip adresi',
    'pii.location': 'enlem, boylam, koordinat, koordinatlar',
    'pii.health':
      'teşhis, teshis, tanı, hastalık, hastalik, hastaliklar, alerji, alerjiler, ilaç, ilac, ilaclar, kan grubu, kangrubu, tedavi, belirtiler, engel durumu, gebelik, aşı, asi, recete, sikayet tibbi, rapor nedeni',
    'pii.birth-date': 'doğum tarihi, dogum tarihi, dogumtarihi, doğum günü, dogum gunu, doğum yılı, dogum yili',
    'pii.free-text':
      'notlar, not metni, yorum, yorumlar, mesaj, mesajlar, şikayet, sikayet, açıklamalar, görüş, geri bildirim, düşünceler',
    'financial.card': 'kart no, kart numarası, kart numarasi, kredi kartı, kredi karti, kartno, kredi kart no',
    'financial.iban': 'hesap no, hesap numarası, hesap numarasi, hesapno, banka hesabı, banka hesap no, iban no',
    'financial.salary': 'maaş, maas, maasi, ücret, ucret aylik, gelir, aylık gelir, brüt maaş, net maaş, prim',
    secret:
      'şifre, sifre, sifresi, parola, parola hash, gizli anahtar, gizli soru cevap, doğrulama kodu, dogrulama kodu, güvenlik kodu',
  },
  mostly: { 'pii.address': 'ilce, semt' },
  among: {
    'pii.name': 'ad, adi',
    'pii.address': 'şehir, sehir, il, ilçe',
    'pii.free-text': 'açıklama, aciklama, metin, içerik, icerik, konu, sebep, neden, detay, cevap',
    'pii.health': 'kilo, boy',
  },
  person:
    'müşteri, musteri, müşteriler, musteriler, çalışan, calisan, calisanlar, personel, kullanıcı, kullanici, kullanicilar, kişi, kisi, kisiler, hasta, hastalar, öğrenci, ogrenci, ogrenciler, öğretmen, ogretmen, ogretmenler, doktor, doktorlar, üye, uye, uyeler, misafir, sürücü, yazar, yazarlar, alici, gonderen, hizmetli, veli, yolcu, yolcular, anne, baba',
  thing:
    'ürün, urun, ürünler, urunler, kategori, kategoriler, dosya, rol, roller, para birimi, proje, projeler, görev, kitap, kitaplar, araç, arac, ders, dersler, grup, bölüm, bolum, bolumler, hizmet, marka, film, filmler',
  organisation:
    'firma, firmalar, şirket, sirket, sirketler, tedarikçi, tedarikci, mağaza, magaza, şube, sube, subeler, ülke, ulke, ulkeler, iller, ilceler, hastane, okul, banka',
  deal: 'sipariş, siparis, siparisler, fatura, faturalar, rezervasyon, rezervasyonlar, ödeme, odeme, odemeler, satış, satis, satislar, teslimat, randevu, randevular, sözleşme, adresler, muayene, kiralama',
  turns: 'tipi, sayisi, adedi, durumu, tarihi, turu, id, kodu, onayli, tur',
  turnsAhead: 'toplam',
  harmless:
    'kod, kodu, tip, tipi, durum, durumu, para birimi, ülke, ulke, dil, cinsiyet, kategori, birim, renk, marka, model, unvan, meslek, uyruk, medeni durum, ürün adı, urun adi, firma adi, sirket adi, siparis no, siparisno, fatura no, baslik, kategori adi, resim, bolum adi',
  filler: 'no, numarası, numara, ve, ev, cep, ana, ikinci',
};

export const HUNGARIAN: Lexicon = {
  language: 'hu',
  says: {
    'pii.email': 'e mail cím, email cím, emailcim, email cim, e mail cim',
    'pii.phone': 'telefonszám, telefonszam, mobilszám, mobilszam',
    'pii.name':
      'vezetéknév, vezeteknev, keresztnév, keresztnev, családnév, csaladnev, utónév, utonev, teljes név, felhasználónév, felhasznalonev, anyja neve, születési név, becenév, becenev, ügyfél neve',
    'pii.address':
      'lakcím, lakcim, utca, irányítószám, iranyitoszam, irsz, házszám, hazszam, szállítási cím, számlázási cím, születési hely, szuletesi hely, közterület, lakohely',
    'pii.national-id':
      'személyi szám, szemelyi szam, személyi igazolvány, taj, taj szám, tajszam, adóazonosító, adoazonosito, adószám személy, szemelyi igazolvany szam, jogosítvány',
    'pii.passport': 'útlevél, utlevel, útlevélszám, utlevelszam',
    'pii.health':
      'diagnózis, betegség, betegseg, allergia, allergiák, gyógyszer, gyogyszer, vércsoport, vercsoport, tünetek, kezelés, kezeles',
    'pii.birth-date':
      'születési dátum, szuletesi datum, születésnap, szuletesnap, születési idő, szuletesi ido, szuldatum, születési év',
    'pii.free-text': 'megjegyzés, megjegyzes, megjegyzések, üzenet, uzenet, hozzászólás, panasz, vélemény, velemeny',
    'financial.card': 'kártyaszám, kartyaszam, bankkártya, bankkartya, hitelkártya',
    'financial.iban': 'bankszámla, bankszamla, számlaszám, szamlaszam, bankszámlaszám, bankszamlaszam',
    'financial.salary': 'fizetés, fizetes, bér, jövedelem, jovedelem, bruttó bér, alapber',
    secret: 'jelszó, jelszo, jelszo hash, titok, titkos kulcs',
  },
  mostly: { 'pii.address': 'település, telepules, cím' },
  among: {
    'pii.name': 'név, nev, neve',
    'pii.address': 'város, varos, megye, cim',
    'pii.free-text': 'leírás, leiras, szöveg, szoveg, tartalom, tárgy',
  },
  person:
    'ügyfél, ugyfel, ugyfelek, vásárló, vasarlo, vevő, vevo, dolgozó, dolgozo, dolgozok, alkalmazott, felhasználó, felhasznalo, felhasznalok, személy, szemely, szemelyek, beteg, betegek, páciens, diák, diak, diakok, tanár, tanar, tanarok, orvos, orvosok, tag, tagok, vendég, vendeg, vendegek, szerző',
  thing:
    'termék, termek, termekek, kategória, kategoria, fájl, szerep, pénznem, projekt, könyv, konyv, konyvek, jármű, tantárgy, csoport, osztály',
  organisation: 'cég, ceg, cegek, szállító, bolt, ország, orszag, orszagok, kórház, iskola',
  deal: 'rendelés, rendeles, rendelesek, számla, szamla, szamlak, foglalás, foglalas, foglalasok, fizetések, szállítás, időpont',
  turns: 'darab, típus, tipus, dátum, státusz, szama',
  harmless:
    'kód, típus, tipus, státusz, állapot, pénznem, ország, orszag, nyelv, nem, kategória, egység, szín, márka, beosztás, foglalkozás, megnevezés, cím szöveg, cegnev, állampolgárság',
  filler: 'szám, szam, és',
};

export const GREEK: Lexicon = {
  language: 'el',
  headFirst: true,
  says: {
    'pii.email': 'ηλεκτρονικό ταχυδρομείο, ηλεκτρονική διεύθυνση, ημεηλ, μέιλ',
    'pii.phone': 'τηλέφωνο, τηλ, κινητό, αριθμός τηλεφώνου, σταθερό, φαξ, tilefono, kinito, tilephono',
    'pii.name':
      'όνομα, επώνυμο, ονοματεπώνυμο, πατρώνυμο, όνομα χρήστη, onoma, eponymo, eponimo, onomateponymo, όνομα πατρός, μητρώνυμο, επίθετο',
    'pii.address':
      'διεύθυνση, οδός, ταχυδρομικός κώδικας, τκ, κατοικία, dieuthinsi, diefthynsi, odos, τόπος γέννησης, αριθμός οδού',
    'pii.national-id': 'αφμ, αμκα, αριθμός ταυτότητας, ταυτότητα, afm, amka, adt, αδτ',
    'pii.passport': 'διαβατήριο, αριθμός διαβατηρίου',
    'pii.health': 'διάγνωση, ασθένεια, αλλεργία, αλλεργίες, φάρμακα, φάρμακο, ομάδα αίματος, συμπτώματα, θεραπεία, αναπηρία',
    'pii.birth-date': 'ημερομηνία γέννησης, έτος γέννησης, γενέθλια, imerominia gennisis',
    'pii.free-text': 'σημείωση, σημειώσεις, σχόλιο, σχόλια, παρατηρήσεις, παρατήρηση, μήνυμα, παράπονο, simeioseis, sxolia',
    'financial.card': 'αριθμός κάρτας, πιστωτική κάρτα',
    'financial.iban': 'αριθμός λογαριασμού, τραπεζικός λογαριασμός',
    'financial.salary': 'μισθός, εισόδημα, αποδοχές, misthos',
    secret: 'κωδικός πρόσβασης, συνθηματικό, μυστικό κλειδί, kodikos prosvasis',
  },
  among: { 'pii.address': 'πόλη, νομός, περιοχή', 'pii.free-text': 'περιγραφή, κείμενο, θέμα' },
  person:
    'πελάτης, πελάτες, υπάλληλος, υπάλληλοι, χρήστης, χρήστες, ασθενής, ασθενείς, μαθητής, μαθητές, φοιτητής, φοιτητές, άτομα, πρόσωπα, μέλη, γιατρός, pelatis, pelates',
  thing: 'προϊόν, προϊόντα, κατηγορία, κατηγορίες, αρχείο, ρόλος, νόμισμα, βιβλίο, βιβλία, μάθημα, μαθήματα',
  organisation: 'εταιρεία, εταιρείες, προμηθευτής, προμηθευτές, κατάστημα, χώρα, χώρες, σχολείο, νοσοκομείο',
  deal: 'παραγγελία, παραγγελίες, τιμολόγιο, τιμολόγια, κράτηση, πληρωμή, πληρωμές, ραντεβού',
  harmless: 'κωδικός, τύπος, κατάσταση, νόμισμα, χώρα, γλώσσα, φύλο, κατηγορία, μονάδα, χρώμα, επάγγελμα, τίτλος',
  filler: 'αριθμός',
};

export const CROATIAN: Lexicon = {
  language: 'hr',
  headFirst: true,
  says: {
    'pii.email': 'e posta, elektronska posta, email adresa, mejl',
    'pii.phone': 'broj telefona, brojtelefona, mobitel, broj mobitela, telefonski broj',
    'pii.name':
      'ime, prezime, ime i prezime, ime prezime, imeprezime, korisnicko ime, korisnickoime, djevojacko prezime, priimek, puno ime, ime oca, ime majke, име, презиме',
    'pii.address':
      'adresa, ulica, ulica i broj, kucni broj, postanski broj, postni broj, prebivaliste, mjesto rodenja, naslov bivalisca, adresa dostave, адреса',
    'pii.national-id': 'oib, jmbg, broj osobne, osobna iskaznica, broj licne karte, licna karta, emso, davcna stevilka, egn, егн',
    'pii.passport': 'putovnica, broj putovnice, broj pasosa, pasos, potni list',
    'pii.health': 'dijagnoza, bolest, bolesti, alergije, lijek, lijekovi, lekovi, krvna grupa, terapija, simptomi, invaliditet',
    'pii.birth-date':
      'datum rodenja, datumrodenja, datum rodjenja, datumrodjenja, datum rojstva, godina rodenja, дата на раждане',
    'pii.free-text': 'napomena, napomene, biljeska, biljeske, komentar, komentari, poruka, opomba, beleska, zalba',
    'financial.card': 'broj kartice, kreditna kartica',
    'financial.iban': 'broj racuna, ziro racun, tekuci racun, bankovni racun',
    'financial.salary': 'placa, plata, bruto placa, neto placa, dohodak, osnovica place',
    secret: 'lozinka, sifra korisnika, zaporka, geslo, tajni kljuc',
  },
  among: { 'pii.address': 'grad, opcina, zupanija, mjesto', 'pii.free-text': 'opis, sadrzaj, tekst, naslov poruke, razlog' },
  person:
    'kupac, kupci, korisnik, korisnici, zaposlenik, zaposlenici, djelatnik, radnik, radnici, osoba, osobe, pacijent, pacijenti, ucenik, student, studenti, nastavnik, lijecnik, clan, clanovi, gost, gosti, vozac, autor, stranka, stranke, zaposleni',
  thing:
    'proizvod, proizvodi, kategorija, kategorije, artikl, artikli, datoteka, uloga, valuta, projekt, knjiga, knjige, vozilo, predmet, grupa, odjel, usluga',
  organisation: 'tvrtka, tvrtke, poduzece, dobavljac, trgovina, poslovnica, drzava, drzave, bolnica, skola, banka',
  deal: 'narudzba, narudzbe, racun, racuni, rezervacija, rezervacije, placanje, prodaja, dostava, ugovor, termin, pregled',
  turnsAhead: 'tip, broj, datum, status, vrsta',
  harmless:
    'sifra, tip, status, valuta, drzava, jezik, spol, kategorija, jedinica, boja, marka, zanimanje, naziv, naziv proizvoda, drzavljanstvo',
  filler: 'broj, i',
};

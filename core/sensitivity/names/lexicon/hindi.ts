/** Hindi, native and romanised. */
import type { Lexicon } from '../lexicon.ts';

export const HINDI: Lexicon = {
  language: 'hi',
  says: {
    'pii.email': 'ईमेल, ई मेल',
    'pii.phone': 'फोन, मोबाइल, दूरभाष, फ़ोन, मोबाइल नंबर, mobail, doorbhash',
    'pii.name': 'नाम, उपनाम, पिता का नाम, naam, upnaam, pita ka naam, kul naam, pita naam, mata naam, poora naam',
    'pii.address': 'पता, पिन कोड, pata, ghar ka pata',
    'pii.national-id': `आधार, आधार संख्या, aadhar no, aadhaar no, aadhar card, aadhaar card, aadhar num, uid number, uidai, pancard,
      पैन`,
    'pii.birth-date': 'जन्म तिथि, जन्मतिथि, janm tithi, janam tithi, janmtithi',
    'pii.health': 'रोग, बीमारी, रक्त समूह, bimari',
    'pii.free-text': 'टिप्पणी, tippani, संदेश',
    'financial.salary': 'वेतन, vetan, aay',
    secret: 'पासवर्ड, गुप्त',
  },
  person: 'ग्राहक, कर्मचारी, छात्र, रोगी, grahak, karmachari, chhatra',
};

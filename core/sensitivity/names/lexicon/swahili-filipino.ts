/** Swahili and Filipino. */
import type { Lexicon } from '../lexicon.ts';

export const SWAHILI_FILIPINO: Lexicon = {
  language: 'sw',
  headFirst: true,
  says: {
    'pii.email': 'barua pepe, baruapepe',
    'pii.phone': 'simu, namba ya simu, nambari ya simu, telepono, numero ng telepono',
    'pii.name': 'jina, jina la kwanza, jina la mwisho, jina kamili, pangalan, apelyido, buong pangalan',
    'pii.address': 'anwani, makazi, tirahan',
    'pii.national-id': `kitambulisho, nambari ya kitambulisho, nida, philsys, sss number, sss no, philhealth, philhealth no, pagibig,
      pag ibig no, tin no`,
    'pii.birth-date': 'tarehe ya kuzaliwa, petsa ng kapanganakan, kaarawan',
    'financial.salary': 'mshahara, sahod, suweldo',
    secret: 'nywila, neno la siri',
  },
  person: 'mteja, wateja, mfanyakazi, wafanyakazi, mgonjwa, wagonjwa, mwanafunzi, wanafunzi, kliyente',
};

/** All recognisers over one value. */
import { recogniseCodes } from './codes.ts';
import { addressIn, isHandle, recognisePhone } from './contact.ts';
import { recogniseNationalId } from './national/recognise.ts';
import { recogniseNetwork } from './network.ts';
import { recogniseAccount, recogniseCard } from './payment.ts';
import { recognisePerson } from './person.ts';
import { isStreet, recogniseCoordinates } from './place.ts';
import { recogniseProse } from './prose.ts';
import { recogniseSecret } from './secret.ts';
import type { Shape } from './shape.ts';

/** Calls `found` with the id of each recogniser that knows the value. Never with anything of the value. */
export function recognise(shape: Shape, found: (id: string) => void): void {
  if (shape.at > 0) {
    const address = addressIn(shape);
    if (address === 'email' || address === 'ip') {
      found(address);
      return;
    }
    if (address === 'local') found('email.local');
    else if (isHandle(shape)) {
      found('handle');
      return;
    }
  }
  if (shape.digits >= 3) {
    recognisePhone(shape, found);
    recogniseCard(shape, found);
    recogniseNationalId(shape, found);
    recogniseCoordinates(shape, found);
  }
  recogniseNetwork(shape, found);
  recogniseAccount(shape, found);
  recogniseSecret(shape, found);
  if (isStreet(shape)) found('street');
  recognisePerson(shape, found);
  recogniseProse(shape, found);
  recogniseCodes(shape, found);
}

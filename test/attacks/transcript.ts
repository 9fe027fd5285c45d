/** Answers as text: whole, for two that must be alike, and reduced to what a reference answer must have in common with them. */
import { type BackendMessage, dataRow, rowDescription, serverMessage } from '../support/backend.ts';

/** Binary COPY puts its head before whichever row comes first. */
function withoutSignature(body: Buffer): Buffer {
  return body.subarray(0, 11).equals(SIGNATURE) ? body.subarray(19) : body;
}
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

/**
 * The outcome as text, for comparing two and for showing a difference: everything the client could see, one line a message.
 * `text` makes text of what is in rows.
 */
export function transcript(
  messages: readonly BackendMessage[],
  text: (value: Buffer) => string = (value) => value.toString('latin1'),
): readonly string[] {
  return messages.map(({ type, body }) => {
    if (type === 'T')
      return `T ${rowDescription(body)
        .map((field) => `${field.name}:${field.typeOid}/${field.typmod}@${field.tableOid}.${field.attnum}`)
        .join(', ')}`;
    if (type === 'D')
      return `D ${dataRow(body)
        .map((value) => (value === null ? 'NULL' : text(value)))
        .join(' | ')}`;
    if (type === 'E' || type === 'N')
      return `${type} ${Object.entries(serverMessage(body))
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}`;
    if (type === 'd') return `d ${text(withoutSignature(body))}`;
    // A notification starts with the process id of its sender.
    return `${type} ${body.toString('latin1', type === 'A' ? 4 : 0)}`;
  });
}

/** Names and sorted values alone: what a twin must have in common with its run on the reference database. */
export function answer(messages: readonly BackendMessage[]): readonly string[] {
  const lines = messages.flatMap(({ type, body }) => {
    if (type === 'T')
      return [
        `names ${rowDescription(body)
          .map(({ name }) => name)
          .join(', ')}`,
      ];
    if (type === 'D')
      return [
        `row ${dataRow(body)
          .map((value) => value?.toString('latin1') ?? 'NULL')
          .join(' | ')}`,
      ];
    if (type === 'd') return [`copied ${withoutSignature(body).toString('latin1')}`];
    if (type === 'C') return [`done ${body.toString('utf8')}`];
    if (type === 'E') return [`error ${serverMessage(body)['C']}: ${serverMessage(body)['M']}`];
    return [];
  });
  return lines.sort();
}

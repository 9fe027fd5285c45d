/** Test support: somebody who speaks the stream by hand, well or badly. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { FrameReader, type ReceivedFrame } from '../../core/stream/frame-reader.ts';
import { encodeFrame, MAX_OPERATOR_FRAME, type SidecarFrame, STREAM_PATH } from '../../core/stream/frames.ts';
import { SERVER_NAME, type TestCluster } from './operator.ts';

export interface StreamClient {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  readonly frames: ReceivedFrame[];
  status: number | undefined;
  headers: Readonly<Record<string, unknown>>;
  /** Of an answer that is no stream. */
  body: string;
  ended: boolean;
  send(frame: SidecarFrame | Record<string, unknown>): void;
  close(): void;
  /** Begins to, where `reads` was false. */
  read(): void;
  of(type: string): ReceivedFrame[];
}

export function connectByHand(
  { authority }: TestCluster,
  port: number,
  token: string | undefined,
  options: { readonly path?: string; readonly method?: string; readonly reads?: boolean; readonly hello?: boolean } = {},
): StreamClient {
  const session = connect(`https://127.0.0.1:${port}`, { ca: authority.certificate, servername: SERVER_NAME });
  session.on('error', () => {});
  const stream = session.request(
    {
      ':method': options.method ?? 'POST',
      ':path': options.path ?? STREAM_PATH,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    { endStream: false },
  );
  const frames: ReceivedFrame[] = [];
  const client: StreamClient = {
    session,
    stream,
    frames,
    status: undefined,
    headers: {},
    body: '',
    ended: false,
    send: (frame) => void stream.write(encodeFrame(frame as SidecarFrame)),
    close: () => session.destroy(),
    read: () => {
      stream.on('data', (chunk: Buffer) => {
        if (client.status === 200) reader.push(chunk);
        else client.body += chunk.toString('utf8');
      });
      stream.resume();
    },
    of: (type) => frames.filter((frame) => frame.type === type),
  };
  const reader = new FrameReader(MAX_OPERATOR_FRAME, (frame) => void frames.push(frame));
  stream.on('error', () => {});
  stream.on('response', (headers) => {
    client.status = headers[':status'];
    client.headers = headers;
    if (client.status === 200 && options.hello !== false)
      client.send({ type: 'hello', protocol: 1, version: '0.0.0-hand', databases: [] });
    if (options.reads === false) stream.pause();
    else client.read();
  });
  stream.on('close', () => {
    client.ended = true;
  });
  return client;
}

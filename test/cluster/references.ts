/** Image references, as containerd and the kubelet spell them out. */
export function canonical(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const named = hasRegistry ? reference : rest.length > 0 ? `docker.io/${reference}` : `docker.io/library/${reference}`;
  const hasVersion = named.includes('@') || named.slice(named.lastIndexOf('/')).includes(':');
  return hasVersion ? named : `${named}:latest`;
}

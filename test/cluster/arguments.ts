/**
 * `enter --name other kubectl get pods --watch`: what comes after `enter` and its own options is somebody else's command, whose options are
 * not ours.
 */
export function splitAtCommand(args: readonly string[]): { readonly ours: string[]; readonly theirs: readonly string[] } {
  const enter = args.indexOf('enter');
  if (enter === -1) return { ours: [...args], theirs: [] };
  let end = enter + 1;
  while (args[end]?.startsWith('--') && args[end] !== '--') end += takesNoValue(args[end]!) ? 1 : 2;
  return { ours: args.slice(0, end), theirs: args.slice(args[end] === '--' ? end + 1 : end) };
}

function takesNoValue(option: string): boolean {
  return option.includes('=') || option === '--use-current-context' || option === '--help';
}

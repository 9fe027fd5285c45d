/** Tests that differ and what shall be done about it: case -> key of test/scoreboard/plans.json. */
export const PLANNED: Readonly<Record<string, string>> = {
  'pgx.pgconn:TestConnectProtocolVersion32': 'protocol-3.2',
  'asyncpg.3:test_execute.TestExecuteMany/test_executemany_server_failure_during_writes': 'stops-early',
};

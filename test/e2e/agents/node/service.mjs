// The customer service of a shop: HTTP in front of a connection pool. Usage: service.mjs hard-coded | environment | url
import { createServer } from 'node:http';
import pg from 'pg';

const configuration = {
  'hard-coded': { host: 'shop-db.data-platform.svc', database: 'shop', user: 'shop_app', password: 'shop-2024' },
  environment: {},
  url: { connectionString: process.env.DATABASE_URL },
}[process.argv[2]];
const pool = new pg.Pool({ ...configuration, max: 8 });
pool.on('error', (error) => console.error(`idle connection lost: ${error.message}`));

const routes = {
  '/healthz': async () => ({ ok: (await pool.query('SELECT 1 AS one')).rows[0].one === 1 }),
  '/customers': async (id) =>
    (await pool.query('SELECT id, name, email, phone, ssn, region FROM customers WHERE id = $1', [id])).rows,
  '/credit': async (id) => (await pool.query('SELECT credit FROM customers WHERE id = $1', [id])).rows,
};

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const route = routes[pathname];
  try {
    if (route === undefined) return response.writeHead(404).end();
    const body = JSON.stringify(await route(searchParams.get('id')));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  } catch (error) {
    console.error(`${request.url}: ${error.code} ${error.message}`);
    response
      .writeHead(500, { 'content-type': 'application/json' })
      .end(JSON.stringify({ code: error.code, message: error.message }));
  }
});
server.listen(8080, () => console.log('listening'));

// Leaves as a service behind a load balancer should: first no new connections, then no more requests, then the pool.
process.once('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => pool.end().then(() => process.exit(0)));
    server.closeIdleConnections();
  }, 3000);
});

import { request } from 'node:https';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { loopbackCertificate } from '../../scripts/bench/certificate.ts';
import { startApiServer } from '../../src/demo/server.ts';

test('with a client CA, its certificates name the user and others are turned away', async () => {
  const tls = await loopbackCertificate();
  const attributes = [{ name: 'commonName', value: 'clients' }];
  const issuer: Parameters<typeof generate>[1] = {
    keyType: 'ec',
    algorithm: 'sha256',
    clientCertificate: { cn: 'dev' },
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  };
  const [known, stranger] = [await generate(attributes, issuer), await generate(attributes, issuer)];
  const users: (string | null)[] = [];
  const server = await startApiServer({ objects: [], tls: { ...tls, clientCa: known.cert }, onRequest: ({ user }) => users.push(user) });
  const statusFor = (client: { key?: string | undefined; cert?: string | undefined }): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request(`${server.url}/api/v1/nodes`, { ...client, ca: tls.cert, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      asked.on('error', reject).end();
    });
  try {
    expect(await statusFor({ key: known.clientprivate, cert: known.clientcert })).toBe(200);
    expect(await statusFor({ key: stranger.clientprivate, cert: stranger.clientcert })).toBe(401);
    expect(await statusFor({})).toBe(401);
    expect(users).toEqual(['dev', null, null]);
  } finally {
    await server.close();
  }
});

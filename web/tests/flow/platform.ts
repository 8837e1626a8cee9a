/** The built console in front of a running platform, as the API server will serve it: one origin, the real policy. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { page } from '../fake/server.ts';

export class PlatformFront {
  private readonly server: Server;

  constructor(private readonly platform: URL) {
    this.server = createServer((incoming, response) => {
      if (incoming.url?.startsWith('/app')) void page(new URL(incoming.url, 'http://x').pathname, response);
      else this.pass(incoming, response);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { hostname, port, host } = this.platform;
    const { url: path, method } = incoming;
    const onward = request(
      { hostname, port, path, method, headers: { ...incoming.headers, host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  }
}

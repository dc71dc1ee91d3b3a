import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The real OpenTelemetry SDK with its Prometheus exporter, scraped over HTTP as Prometheus does. */
export class Prometheus {
  readonly meterProvider: MeterProvider;
  readonly #server: Server;

  private constructor(exporter: PrometheusExporter, server: Server) {
    this.meterProvider = new MeterProvider({ readers: [exporter] });
    this.#server = server;
  }

  static async start(): Promise<Prometheus> {
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Prometheus(exporter, server);
  }

  /** The text of one scrape. */
  async text(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/metrics`);
    return response.text();
  }

  /** Every sample of the caches' metrics in one scrape, by its name and labels as Prometheus writes them. The scope's labels are left out. */
  async samples(): Promise<Readonly<Record<string, number>>> {
    const lines = (await this.text()).split('\n').filter((line) => line.startsWith('cache_'));
    return Object.fromEntries(
      lines.map((line) => {
        const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)(?: \d+)?$/.exec(line) as unknown as [
          string,
          string,
          string,
          string,
        ];
        const own = labels.split(/,(?=\w+=)/).filter((label) => label !== '' && !label.startsWith('otel_scope_'));
        return [own.length === 0 ? name : `${name}{${own.sort().join(',')}}`, Number(value)];
      }),
    );
  }

  async stop(): Promise<void> {
    await this.meterProvider.shutdown();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

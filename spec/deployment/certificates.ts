import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key: the files, as a server takes them, and the texts, as Node does. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate authority of the specs' own, made by `openssl` on the spot and good for a day: no private key is kept in the repository,
 * and none can expire there.
 */
export class CertificateAuthority {
  readonly #dir = mkdtempSync(join(tmpdir(), 'inversify-cache-ca-'));
  readonly #root: Certificate;

  constructor(name = 'inversify-cache specs') {
    this.#root = this.#request('ca', ['-x509', '-days', '1', '-subj', `/CN=${name}`]);
  }

  /** What those who are to trust us need. */
  get cert(): string {
    return this.#root.cert;
  }

  get certFile(): string {
    return this.#root.certFile;
  }

  /** @param names - whom the certificate is for, as in `IP:127.0.0.1` or `DNS:localhost`. */
  issue(file: string, names: readonly string[]): Certificate {
    const extensions = join(this.#dir, `${file}.ext`);
    writeFileSync(extensions, `subjectAltName=${names.join(',')}\n`);
    this.#request(file, ['-subj', `/CN=${file}`], 'csr');
    const { certFile: ca, keyFile: caKey } = this.#root;
    const [request, cert] = [this.#path(`${file}.csr`), this.#path(`${file}.crt`)];
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      ca,
      '-CAkey',
      caKey,
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      extensions,
      '-out',
      cert,
    );
    return this.#read(file);
  }

  /** Removes every file. */
  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #request(file: string, args: readonly string[], suffix = 'crt'): Certificate {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.#path(`${file}.key`)];
    openssl('req', '-new', ...curve, ...args, '-out', this.#path(`${file}.${suffix}`));
    return this.#read(file, suffix);
  }

  #read(file: string, suffix = 'crt'): Certificate {
    const [certFile, keyFile] = [this.#path(`${file}.${suffix}`), this.#path(`${file}.key`)];
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }

  #path(file: string): string {
    return join(this.#dir, file);
  }
}

function openssl(...args: string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw new Error(`'openssl ${args[0]}' failed; the specs of TLS need it on the PATH.`, { cause: error });
  }
}

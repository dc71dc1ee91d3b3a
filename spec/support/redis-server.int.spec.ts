import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { rejectionOf } from '../contract/rejection.js';
import { RedisServer } from './redis-server.js';
import { ownNamespace, sharedRedis } from './shared-redis.js';
import { waitFor } from './wait.js';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe(RedisServer.name, () => {
  let server: RedisServer;

  beforeEach(async () => {
    server = await RedisServer.start();
  });

  afterEach(() => server.stop());

  describe('start', () => {
    it('resolves when its own process answers on its port', async () => {
      expect(await server.cli('PING')).to.equal('PONG');
      expect((await server.info('server'))['process_id']).to.equal(`${server.pid}`);
      expect(server.url).to.equal(`redis://127.0.0.1:${server.port}`);
    });

    it('gives every server a port and a directory of its own', async () => {
      const other = await RedisServer.start();
      try {
        await server.cli('SET', 'key', 'mine');
        expect(await other.cli('GET', 'key')).to.equal(null);
        expect(other.dir).not.to.equal(server.dir);
      } finally {
        await other.stop();
      }
    });

    it('hands on its arguments and its password', async () => {
      const other = await RedisServer.start({ args: ['--maxmemory', '3mb'], password: 'p@ss' });
      try {
        expect(await other.cli('CONFIG', 'GET', 'maxmemory')).to.deep.equal(['maxmemory', '3145728']);
        expect(other.url).to.equal(`redis://:p%40ss@127.0.0.1:${other.port}`);
      } finally {
        await other.stop();
      }
    });

    it('rejects with what the server printed when it cannot start', async () => {
      const error = (await rejectionOf(RedisServer.start({ args: ['--no-such-option', 'x'] }))) as Error;
      expect(error.message).to.match(/ended \(1\) before it was ready: [^]*no-such-option/);
    });

    it('rejects when somebody else holds the port it was told to take', async () => {
      const error = (await rejectionOf(RedisServer.start({ port: server.port }))) as Error;
      expect(error.message).to.match(/before it was ready: [^]*Address already in use/);
    });
  });

  describe('cli', () => {
    it('reads every kind of reply', async () => {
      await server.cli('RPUSH', 'list', 'a', 'ü\r\n');
      expect(await server.cli('LRANGE', 'list', 0, -1)).to.deep.equal(['a', 'ü\r\n']);
      expect(await server.cli('LLEN', 'list')).to.equal(2);
      expect(await server.cli('GET', 'nothing')).to.equal(null);
      expect(((await rejectionOf(server.cli('GET', 'list'))) as Error).message).to.equal(
        'WRONGTYPE Operation against a key holding the wrong kind of value',
      );
    });

    it('sends nothing but the command', async () => {
      await server.cli('CONFIG', 'RESETSTAT');
      await server.cli('GET', 'key');
      expect(await server.commandCalls()).to.deep.equal({ 'config|resetstat': 1, get: 1 });
    });
  });

  describe('stop', () => {
    it('ends the process, removes the directory, and may be called twice', async () => {
      const { pid } = server;
      await server.stop();
      await server.stop();
      expect(isAlive(pid!)).to.equal(false);
      expect(server.pid).to.equal(undefined);
      expect(existsSync(server.dir)).to.equal(false);
    });

    it('ends a paused server too', async () => {
      const { pid } = server;
      server.pause();
      await server.stop();
      expect(isAlive(pid!)).to.equal(false);
    });
  });

  describe('kill', () => {
    it('ends the process at once, and keeps the directory for the next start', async () => {
      const { pid } = server;
      await server.kill();
      expect(isAlive(pid!)).to.equal(false);
      expect(existsSync(server.dir)).to.equal(true);
    });
  });

  describe('pause', () => {
    it('keeps the server silent until it is resumed', async () => {
      server.pause();
      const answered = server.cli('PING');
      // A stopped process is shown as 'T': the fact itself, where silence alone would prove nothing.
      await waitFor(() => processState(server.pid!).then((state) => state.startsWith('T')), { what: 'the server to be stopped' });
      server.resume();
      expect(await answered).to.equal('PONG');
    });
  });

  describe('restart', () => {
    it('comes back on the same port as another run, empty unless it persists', async () => {
      const before = await server.info('server');
      await server.cli('SET', 'key', 'value');
      await server.restart();
      const after = await server.info('server');
      expect(after['tcp_port']).to.equal(before['tcp_port']);
      expect(after['run_id']).not.to.equal(before['run_id']);
      expect(await server.cli('GET', 'key')).to.equal(null);
    });

    it('keeps what was persisted, or empties the directory', async () => {
      const persistent = await RedisServer.start({ args: ['--appendonly', 'yes'] });
      try {
        await persistent.cli('SET', 'key', 'value');
        await persistent.restart();
        expect(await persistent.cli('GET', 'key')).to.equal('value');
        await persistent.restart({ keepData: false });
        expect(await persistent.cli('GET', 'key')).to.equal(null);
      } finally {
        await persistent.stop();
      }
    });
  });

  it('leaves no server behind when the process that started it is killed', async () => {
    const module = new URL('./redis-server.js', import.meta.url).href;
    const script = `const { RedisServer } = await import(${JSON.stringify(module)}); const s = await RedisServer.start(); console.log(s.pid + ' ' + s.dir);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const [pid, dir] = line.toString().trim().split(' ') as [string, string];
    expect(isAlive(Number(pid))).to.equal(true);
    owner.kill('SIGKILL');
    await once(owner, 'close');
    await waitFor(() => !isAlive(Number(pid)) && !existsSync(dir), { what: 'the orphan and its directory to be gone' });
  });
});

describe(sharedRedis.name, () => {
  it('is one server for everybody, with a namespace for each', async () => {
    expect(await sharedRedis()).to.equal(await sharedRedis());
    expect(ownNamespace()).not.to.equal(ownNamespace());
  });
});

async function processState(pid: number): Promise<string> {
  const ps = spawn('ps', ['-o', 'stat=', '-p', `${pid}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  ps.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(ps, 'close');
  return Buffer.concat(chunks).toString().trim();
}

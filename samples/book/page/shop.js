// The buttons above the console. Everything goes to the server that this page came from.
const byId = (id) => document.getElementById(id);
const told = byId('told');
const say = (text) => (told.textContent = text);

/** What did not come about. `isUnknown`: nobody knows whether the server has done what it was asked for. */
class Failure extends Error {
  constructor(message, isUnknown) {
    super(message);
    this.isUnknown = isUnknown;
  }
}

async function ask(method, path, body) {
  const request = { method, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await fetch(path, request).catch(() => {
    throw new Failure('The server cannot be reached, or ended before it answered.', true);
  });
  const answer = await response.json().catch(() => undefined); // What stands between may answer in a form of its own.
  const { status } = response;
  if (!response.ok || answer === undefined) throw new Failure(answer?.error ?? `The answer was ${status}, and no more.`, status >= 500);
  return { answer, source: response.headers.get('x-cache'), isPending: response.headers.get('x-eviction') === 'pending' };
}

/** Runs what a button does, and says what came of it. */
function on(button, action) {
  button.addEventListener('click', () => action().then(say, (error) => say(error.message)));
}

/** Saves something. @throws {Failure} that says whether it may have been saved. */
async function save(path, body) {
  try {
    return await ask('PUT', path, body);
  } catch (error) {
    throw new Error(`${error.message} ${error.isUnknown ? 'Read the book to learn whether it was saved.' : 'Nothing was saved.'}`, {
      cause: error,
    });
  }
}

/** What may still be served if Redis has not acknowledged an eviction. */
const pending = (ms, what) =>
  `Saved, but after ${ms} ms Redis had not acknowledged the eviction. It is repeated until Redis does: ` +
  `till then other servers may serve ${what}, for at most ${demo.lifeMinutes} minutes, the life of an entry.`;

const book = () => byId('book').value;
const path = () => `books/${encodeURIComponent(book())}`;

on(byId('read'), async () => {
  const { answer, source } = await ask('GET', path());
  return `${answer.name} by ${answer.author} costs ${answer.price.toFixed(2)} (version ${answer.version}), from ${source}.`;
});

on(byId('update'), async () => {
  const { answer } = await ask('GET', path());
  const price = Math.round((answer.price + 0.25) * 100) / 100;
  const started = performance.now();
  const { answer: saved, isPending } = await save(path(), { author: answer.author, price });
  const ms = (performance.now() - started).toFixed(1);
  const costs = `${saved.name} now costs ${saved.price.toFixed(2)} (version ${saved.version}).`;
  if (!isPending) return `${costs} Saved, and no server serves the old one any more, after ${ms} ms.`;
  return `${costs} ${pending(ms, 'the old one')}`;
});

/** With this title, or without it if the author has it. */
const TITLE = ', Esq.';
const otherName = (name) => (name.endsWith(TITLE) ? name.slice(0, -TITLE.length) : name + TITLE);

on(byId('rename'), async () => {
  const { answer } = await ask('GET', path());
  const { author, authorId } = answer;
  const name = otherName(author);
  const started = performance.now();
  const { isPending } = await save(`authors/${authorId}`, { name });
  const ms = (performance.now() - started).toFixed(1);
  const renamed = `${author} is now called “${name}”.`;
  if (isPending) return `${renamed} ${pending(ms, 'the old name')}`;
  const { answer: list } = await ask('GET', `authors/${authorId}/books`);
  return `${renamed} No server tells the old name any more, after ${ms} ms: not in ${list.names.join(', ')}, nor in the list of them.`;
});

on(byId('readers'), async () => {
  const button = byId('readers');
  const isOn = button.getAttribute('aria-pressed') !== 'true';
  await ask('PUT', 'demo/readers', { isOn });
  button.setAttribute('aria-pressed', String(isOn));
  return isOn ? 'People look at books on all four servers.' : 'Nobody looks at books.';
});

const { answer: demo } = await ask('GET', 'demo').catch((error) => {
  say(error.message);
  throw error;
});
byId('book').replaceChildren(...demo.books.map((name) => new Option(name, name)));
const label = document.createElement('span');
label.textContent = demo.hasLinks ? 'Pause the link of' : 'No Redis: there are no links to pause.';
byId('links').append(label);
for (const server of demo.hasLinks ? demo.servers : []) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = server;
  button.setAttribute('aria-pressed', 'false');
  on(button, async () => {
    const isPaused = button.getAttribute('aria-pressed') !== 'true';
    await ask('PUT', `demo/links/${server}`, { isPaused });
    button.setAttribute('aria-pressed', String(isPaused));
    return isPaused ? `${server} and Redis cannot reach each other.` : `${server} and Redis reach each other again.`;
  });
  byId('links').append(button);
}

// The buttons above the console. Everything goes to the server that this page came from.
const byId = (id) => document.getElementById(id);
const told = byId('told');
const say = (text) => (told.textContent = text);

async function ask(method, path, body) {
  const response = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return { answer, source: response.headers.get('x-cache') };
}

/** Runs what a button does, and says what came of it. */
function on(button, action) {
  button.addEventListener('click', () => action().then(say, (error) => say(error.message)));
}

const book = () => byId('book').value;
const path = () => `books/${encodeURIComponent(book())}`;

on(byId('read'), async () => {
  const { answer, source } = await ask('GET', path());
  return `${answer.name} costs ${answer.price.toFixed(2)} (version ${answer.version}), from ${source}.`;
});

on(byId('update'), async () => {
  const { answer } = await ask('GET', path());
  const price = Math.round((answer.price + 0.25) * 100) / 100;
  const started = performance.now();
  const saved = await ask('PUT', path(), { author: answer.author, price });
  const ms = (performance.now() - started).toFixed(1);
  return `${book()} now costs ${price.toFixed(2)} (version ${saved.answer.version}). Saved and evicted everywhere after ${ms} ms.`;
});

on(byId('readers'), async () => {
  const button = byId('readers');
  const isOn = button.getAttribute('aria-pressed') !== 'true';
  await ask('PUT', 'demo/readers', { isOn });
  button.setAttribute('aria-pressed', String(isOn));
  return isOn ? 'People look at books on all four servers.' : 'Nobody looks at books.';
});

const { answer: demo } = await ask('GET', 'demo');
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

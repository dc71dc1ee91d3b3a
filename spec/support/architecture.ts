import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';

/** What a room may import beside its own files and Node's. */
export interface Room {
  /** Rooms it may import anything from. */
  readonly rooms: readonly string[];
  /** Rooms it may import types from, as in `import type` or `import { type X }`. Default: none beyond {@link rooms}. */
  readonly types?: readonly string[];
  /** `true`: it has no `index.ts` of its own; the index of the room around it is its door. Default: `false`. */
  readonly isInner?: boolean;
  /** Inner rooms, or the room around them, whose files it may import. Default: none. */
  readonly inside?: readonly string[];
  /** Packages it may import anything from. Default: none. */
  readonly packages?: readonly string[];
}

/** Source texts by path, relative to the project, with `/` between the parts. */
export type Sources = Readonly<Record<string, string>>;

/** One import, export-from, dynamic import or `import('…')` type. */
interface Import {
  readonly specifier: string;
  readonly isType: boolean;
  readonly line: number;
}

/** The rooms of `lib/` and the arrows between them: "may import". A new room, and a new arrow, is written down here first. */
export const ROOMS: Readonly<Record<string, Room>> = {
  errors: { rooms: [] },
  time: { rooms: ['errors'] },
  call: { rooms: [] },
  event: { rooms: ['time'] },
  redis: { rooms: ['event', 'time', 'errors'], packages: ['ioredis', 'keyv', '@keyv/redis', '@redis/client'] },
  cache: { rooms: ['call', 'event', 'time', 'errors'], inside: ['cache/key', 'cache/tag'] },
  'cache/key': { isInner: true, rooms: ['errors'], inside: ['cache/value'] },
  'cache/value': { isInner: true, rooms: ['time', 'errors'], packages: ['devalue'] },
  'cache/tag': { isInner: true, rooms: ['time', 'errors'], inside: ['cache/key', 'cache/value'] },
  'cache/local': { isInner: true, rooms: ['event', 'time', 'errors'], inside: ['cache/tag', 'cache/value', 'cache'] },
  'cache/remote': { isInner: true, rooms: ['event', 'time', 'errors'], inside: ['cache/tag', 'cache/value', 'cache'], packages: ['keyv'] },
  'cache/two-tier': {
    isInner: true,
    rooms: ['event', 'time', 'errors'],
    inside: ['cache/local', 'cache/remote', 'cache/tag', 'cache/value', 'cache/key', 'cache'],
  },
  annotation: { rooms: ['time', 'errors'], types: ['cache'], packages: ['reflect-metadata'] },
  transaction: { rooms: ['call', 'cache', 'event', 'time', 'errors'] },
  interceptor: { rooms: ['annotation', 'cache', 'event', 'time', 'errors'] },
  topic: { rooms: ['event', 'time', 'errors'] },
  'topic/redis': { rooms: ['topic', 'redis', 'event', 'time', 'errors'], packages: ['ioredis'] },
  eviction: { rooms: ['cache', 'redis', 'topic', 'event', 'time', 'errors'] },
  fleet: { rooms: ['cache', 'topic', 'event', 'errors', 'time'] },
  listener: { rooms: ['topic', 'event', 'errors'] },
  management: { rooms: ['annotation', 'fleet', 'cache', 'event', 'time', 'errors'] },
  telemetry: { rooms: ['cache', 'event', 'errors'], packages: ['@opentelemetry/api'] },
  instance: {
    rooms: ['fleet', 'eviction', 'topic/redis', 'topic', 'cache', 'redis', 'event', 'time', 'errors'],
    packages: ['keyv', 'ioredis'],
  },
  cli: { rooms: ['instance', 'fleet', 'eviction', 'topic/redis', 'topic', 'cache', 'redis', 'event', 'time', 'errors'] },
  testing: { rooms: [] },
  'testing/simulation': {
    isInner: true,
    rooms: [
      'inversify',
      'instance',
      'interceptor',
      'annotation',
      'fleet',
      'eviction',
      'topic',
      'cache',
      'redis',
      'event',
      'time',
      'errors',
    ],
    packages: ['inversify', 'keyv', 'fast-check'],
  },
  'testing/contract': { isInner: true, rooms: ['cache', 'event', 'time', 'errors'] },
  'testing/faults': { isInner: true, rooms: ['redis', 'time', 'errors'] },
  inversify: {
    rooms: ['instance', 'listener', 'interceptor', 'transaction', 'annotation', 'fleet', 'topic', 'cache', 'event', 'errors'],
    packages: ['inversify', 'reflect-metadata'],
  },
};

const FRONT_DOOR = 'lib/index.ts';

/** What is published beside it: `inversify-cache/management`, …. */
const SIDE_DOORS: readonly string[] = ['lib/management/index.ts'];

/** What runs in the browser is a project of its own, with a tsconfig.json of its own. */
const PAGE = 'lib/management/console/';

/** The TypeScript files under these folders. */
export function readSources(root: string, folders: readonly string[]): Sources {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const sources = files.map((file) => file.split(sep).join('/')).filter((file) => file.endsWith('.ts') && !file.startsWith(PAGE));
  return Object.fromEntries(sources.sort().map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

/** One sentence for each arrow that some file crosses; empty when the house is in order. */
export function crossings(sources: Sources, rooms: Readonly<Record<string, Room>> = ROOMS): readonly string[] {
  return Object.entries(sources).flatMap(([file, text]) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    if (file === FRONT_DOOR) return [...strayStatements(file, source), ...importsOf(source).flatMap((each) => doorCrossing(file, each))];
    if (file.startsWith('samples/')) return importsOf(source).flatMap((each) => sampleCrossing(file, each));
    return importsOf(source).flatMap((each) => roomCrossing(file, each, rooms));
  });
}

/** Arrows that no file walks any more, as `from → to`. */
export function idleArrows(sources: Sources, rooms: Readonly<Record<string, Room>> = ROOMS): readonly string[] {
  const walked = new Set<string>();
  for (const [file, text] of Object.entries(sources)) {
    const from = roomOf(file, rooms);
    if (from === undefined) continue;
    for (const { specifier } of importsOf(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))) {
      if (isBuiltin(specifier)) continue;
      const to = specifier.startsWith('.') ? roomOf(resolve(file, specifier), rooms) : packageOf(specifier);
      walked.add(`${from} → ${to}`);
    }
  }
  return Object.entries(rooms)
    .flatMap(([from, room]) =>
      [...room.rooms, ...(room.types ?? []), ...(room.inside ?? []), ...(room.packages ?? [])].map((to) => `${from} → ${to}`),
    )
    .filter((arrow) => !walked.has(arrow));
}

/** Files that import each other in a circle, types included: each circle once, as the files it passes. */
export function circles(sources: Sources): readonly (readonly string[])[] {
  const imported = new Map(
    Object.entries(sources).map(([file, text]) => {
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      const targets = importsOf(source).flatMap(({ specifier }) => (specifier.startsWith('.') ? [resolve(file, specifier)] : []));
      return [file, targets];
    }),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (path.includes(file)) return void found.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file)) return;
    done.add(file);
    path.push(file);
    for (const target of imported.get(file) ?? []) visit(target);
    path.pop();
  };
  for (const file of imported.keys()) visit(file);
  return found;
}

function roomCrossing(file: string, { specifier, isType, line }: Import, rooms: Readonly<Record<string, Room>>): readonly string[] {
  const at = `${file}:${line}`;
  const from = roomOf(file, rooms);
  if (from === undefined) return [`${at} lives in no room that spec/support/architecture.ts knows.`];
  if (isBuiltin(specifier)) return [];
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    return rooms[from]?.packages?.includes(name) ? [] : [`${at} crosses ${from} → ${name}${isType ? ' (type)' : ''}.`];
  }
  const target = resolve(file, specifier);
  if (target === FRONT_DOOR) return [`${at} crosses ${from} → index: nobody inside enters by the front door.`];
  const to = roomOf(target, rooms);
  if (to === undefined) return [`${at} imports '${specifier}', which lies in no room.`];
  if (to === from) return [];
  const isAround = rooms[to]?.isInner === true && file === `lib/${from}/index.ts` && to.startsWith(`${from}/`);
  if (isAround || (rooms[from]?.inside?.includes(to) && target !== `lib/${to}/index.ts`)) return [];
  const isAgreed = rooms[from]?.rooms.includes(to) || (isType && rooms[from]?.types?.includes(to));
  if (!isAgreed) return [`${at} crosses ${from} → ${to}${isType ? ' (type)' : ''}.`];
  return target === `lib/${to}/index.ts` ? [] : [`${at} enters ${to} by '${specifier}' instead of its index.js.`];
}

function doorCrossing(file: string, { specifier, line }: Import): readonly string[] {
  const target = resolve(file, specifier);
  return /^lib\/.+\/index\.ts$/.test(target) ? [] : [`${file}:${line} exports from '${specifier}' instead of a room's index.js.`];
}

function sampleCrossing(file: string, { specifier, line }: Import): readonly string[] {
  const target = specifier.startsWith('.') ? resolve(file, specifier) : undefined;
  const isOwn = target === undefined || target.startsWith('samples/') || target === FRONT_DOOR || SIDE_DOORS.includes(target);
  return isOwn ? [] : [`${file}:${line} imports '${specifier}': samples enter by lib/index.js only.`];
}

/** What the front door holds beside `export { … } from`. */
function strayStatements(file: string, source: ts.SourceFile): readonly string[] {
  return source.statements
    .filter(
      (statement) =>
        !(
          ts.isExportDeclaration(statement) &&
          statement.moduleSpecifier &&
          statement.exportClause &&
          ts.isNamedExports(statement.exportClause)
        ),
    )
    .map((statement) => `${file}:${lineOf(source, statement)} holds something else than a named \`export { … } from\`.`);
}

/** The longest room whose folder holds the file: `lib/topic/redis/…` is `topic/redis`, not `topic`. */
function roomOf(file: string, rooms: Readonly<Record<string, Room>>): string | undefined {
  const inside = Object.keys(rooms).filter((room) => file.startsWith(`lib/${room}/`));
  const room = inside.sort((a, b) => b.length - a.length)[0];
  // A folder inside a room is a room as well: it has to be known.
  return room !== undefined && file.slice(`lib/${room}/`.length).includes('/') ? undefined : room;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

function importsOf(source: ts.SourceFile): readonly Import[] {
  const imports: Import[] = [];
  const add = (literal: ts.Node, isType: boolean): void => {
    const specifier = ts.isStringLiteralLike(literal) ? literal.text : literal.getText(source);
    imports.push({ specifier, isType, line: lineOf(source, literal) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) add(node.moduleSpecifier, isTypeExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isCallExpression(node) && isImporter(node.expression) && node.arguments[0] !== undefined) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false; // `import 'x'` runs x.
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) && allTypes(namedBindings.elements);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  return isTypeOnly || (exportClause !== undefined && ts.isNamedExports(exportClause) && allTypes(exportClause.elements));
}

function allTypes(elements: ts.NodeArray<ts.ImportSpecifier | ts.ExportSpecifier>): boolean {
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

function isImporter(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

// TypeDoc reads `@throws {CacheError}` and shows the text behind the type only. This plugin puts the type before the text, as a link.
import { Converter } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const reflections = Object.values(project.reflections);
    for (const { comment } of reflections) {
      for (const tag of comment?.getTags('@throws') ?? []) {
        const name = tag.typeAnnotation?.replace(/^\{(.*)\}$/, '$1');
        if (name === undefined) continue;
        const target = reflections.find((each) => each.name === name);
        const type =
          target === undefined ? { kind: 'code', text: `\`${name}\`` } : { kind: 'inline-tag', tag: '@link', text: name, target };
        tag.content.unshift(type, { kind: 'text', text: ' ' });
        delete tag.typeAnnotation;
      }
    }
  });
}

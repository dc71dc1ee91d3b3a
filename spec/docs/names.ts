import ts from 'typescript';

/** The names that a module uses and does not itself import or declare at its top level. May name some that are declared further in. */
export function freeNames(text: string): readonly string[] {
  const source = ts.createSourceFile('fragment.ts', text, ts.ScriptTarget.Latest, true);
  const own = new Set(source.statements.flatMap(declaredNames));
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && isUse(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...used].filter((name) => !own.has(name));
}

/** The names that a module exports by name, as they are imported: `type X` if only a type has the name. */
export function exportedNames(text: string): readonly string[] {
  const source = ts.createSourceFile('module.d.ts', text, ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
      return exportClause.elements.map(({ name, isTypeOnly }) => (isTypeOnly || statement.isTypeOnly ? `type ${name.text}` : name.text));
    }
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    return declaredNames(statement).map((name) => (isType ? `type ${name}` : name));
  });
}

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const named =
      namedBindings === undefined
        ? []
        : ts.isNamespaceImport(namedBindings)
          ? [namedBindings.name]
          : namedBindings.elements.map((each) => each.name);
    return [...(name === undefined ? [] : [name]), ...named].map((each) => each.text);
  }
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  const { name } = statement as ts.DeclarationStatement;
  return name === undefined ? [] : [name.text];
}

function boundNames(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundNames(element.name)));
}

/** Not the `b` of `a.b`, `{ b: … }`, `a = { b() {} }`, of a member, of a parameter. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  if (ts.isQualifiedName(parent)) return parent.right !== node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  return !('name' in parent) || parent.name !== node || ts.isShorthandPropertyAssignment(parent);
}

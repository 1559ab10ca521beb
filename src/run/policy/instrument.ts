/** Counts what a policy does, so that one that loops for ever ends at the same step everywhere. */
import type ts from 'typescript';

/** Names in the compiled policy that no source holds by accident. */
export const STEP = '__oomsim_step';
export const ENTER = '__oomsim_enter';
export const LEAVE = '__oomsim_leave';

/** What is put in the place of a body. */
interface Bodies {
  loop(body: ts.Statement): ts.Block;
  function(body: ts.ConciseBody): ts.Block;
}

/** Calls STEP in every turn of a loop, and ENTER and LEAVE around every function. */
export function instrument(api: typeof ts): ts.TransformerFactory<ts.SourceFile> {
  const bodies = bodiesOf(api);
  return (context) => {
    const visit = (node: ts.Node): ts.Node => {
      const seen = api.visitEachChild(node, visit, context);
      return withLoopCounted(api, seen, bodies) ?? withFunctionGuarded(api, seen, bodies) ?? seen;
    };
    return (file) => api.visitEachChild(file, visit, context);
  };
}

function bodiesOf(api: typeof ts): Bodies {
  const { factory } = api;
  const call = (name: string): ts.Statement =>
    factory.createExpressionStatement(
      factory.createCallExpression(factory.createIdentifier(name), undefined, []),
    );
  return {
    loop: (body) => {
      const statements = api.isBlock(body) ? body.statements : [body];
      return factory.createBlock([call(STEP), ...statements], true);
    },
    function: (body) => {
      const block = api.isBlock(body)
        ? body
        : factory.createBlock([factory.createReturnStatement(body)], true);
      const last = factory.createBlock([call(LEAVE)]);
      return factory.createBlock(
        [call(ENTER), factory.createTryStatement(block, undefined, last)],
        true,
      );
    },
  };
}

function withLoopCounted(api: typeof ts, n: ts.Node, { loop }: Bodies): ts.Node | null {
  const f = api.factory;
  if (api.isForStatement(n)) {
    const body = loop(n.statement);
    return f.updateForStatement(n, n.initializer, n.condition, n.incrementor, body);
  }
  if (api.isForOfStatement(n)) {
    const body = loop(n.statement);
    return f.updateForOfStatement(n, n.awaitModifier, n.initializer, n.expression, body);
  }
  if (api.isForInStatement(n)) {
    return f.updateForInStatement(n, n.initializer, n.expression, loop(n.statement));
  }
  if (api.isWhileStatement(n)) return f.updateWhileStatement(n, n.expression, loop(n.statement));
  if (api.isDoStatement(n)) return f.updateDoStatement(n, loop(n.statement), n.expression);
  return null;
}

/** The code is JavaScript by now: there are no types to carry over. */
function withFunctionGuarded(api: typeof ts, n: ts.Node, bodies: Bodies): ts.Node | null {
  const f = api.factory;
  const none = undefined;
  if (api.isArrowFunction(n)) {
    const body = bodies.function(n.body);
    const arrow = n.equalsGreaterThanToken;
    return f.updateArrowFunction(n, n.modifiers, none, n.parameters, none, arrow, body);
  }
  if (!api.isFunctionLike(n) || !('body' in n) || n.body === undefined) return null;
  const body = bodies.function(n.body as ts.Block);
  const { parameters } = n;
  if (api.isFunctionDeclaration(n)) {
    const { modifiers, asteriskToken, name } = n;
    return f.updateFunctionDeclaration(
      n,
      modifiers,
      asteriskToken,
      name,
      none,
      parameters,
      none,
      body,
    );
  }
  if (api.isFunctionExpression(n)) {
    const { modifiers, asteriskToken, name } = n;
    return f.updateFunctionExpression(
      n,
      modifiers,
      asteriskToken,
      name,
      none,
      parameters,
      none,
      body,
    );
  }
  if (api.isMethodDeclaration(n)) {
    const { modifiers, asteriskToken: star, name } = n;
    return f.updateMethodDeclaration(n, modifiers, star, name, none, none, parameters, none, body);
  }
  if (api.isConstructorDeclaration(n)) {
    return f.updateConstructorDeclaration(n, n.modifiers, parameters, body);
  }
  if (api.isGetAccessorDeclaration(n)) {
    return f.updateGetAccessorDeclaration(n, n.modifiers, n.name, parameters, none, body);
  }
  if (api.isSetAccessorDeclaration(n)) {
    return f.updateSetAccessorDeclaration(n, n.modifiers, n.name, parameters, body);
  }
  return null;
}

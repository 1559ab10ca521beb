/** Counts what a policy does, so that one that loops for ever ends at the same step everywhere. */
import type ts from 'typescript';

/** Names in the compiled policy that no source can hold by accident. */
export const STEP = '__oomsim_step';
export const ENTER = '__oomsim_enter';
export const LEAVE = '__oomsim_leave';

type Typescript = typeof ts;

/** Calls STEP in every turn of a loop, and ENTER and LEAVE around every function. */
export function instrument(api: Typescript): ts.TransformerFactory<ts.SourceFile> {
  const { factory } = api;
  const call = (name: string): ts.Statement =>
    factory.createExpressionStatement(
      factory.createCallExpression(factory.createIdentifier(name), undefined, []),
    );

  const counted = (body: ts.Statement): ts.Block =>
    factory.createBlock([call(STEP), ...(api.isBlock(body) ? body.statements : [body])], true);

  const guarded = (body: ts.ConciseBody): ts.Block => {
    const block = api.isBlock(body)
      ? body
      : factory.createBlock([factory.createReturnStatement(body)], true);
    const attempt = factory.createTryStatement(
      block,
      undefined,
      factory.createBlock([call(LEAVE)]),
    );
    return factory.createBlock([call(ENTER), attempt], true);
  };

  return (context) => {
    const visit = (node: ts.Node): ts.Node => {
      const seen = api.visitEachChild(node, visit, context);
      if (api.isForStatement(seen)) {
        const { initializer, condition, incrementor } = seen;
        return factory.updateForStatement(
          seen,
          initializer,
          condition,
          incrementor,
          counted(seen.statement),
        );
      }
      if (api.isForOfStatement(seen)) {
        const { awaitModifier, initializer, expression } = seen;
        const body = counted(seen.statement);
        return factory.updateForOfStatement(seen, awaitModifier, initializer, expression, body);
      }
      if (api.isForInStatement(seen)) {
        const { initializer, expression } = seen;
        return factory.updateForInStatement(seen, initializer, expression, counted(seen.statement));
      }
      if (api.isWhileStatement(seen)) {
        return factory.updateWhileStatement(seen, seen.expression, counted(seen.statement));
      }
      if (api.isDoStatement(seen)) {
        return factory.updateDoStatement(seen, counted(seen.statement), seen.expression);
      }
      return visitFunction(seen);
    };
    const visitFunction = (seen: ts.Node): ts.Node => {
      if (api.isArrowFunction(seen)) {
        const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = seen;
        const body = guarded(seen.body);
        return factory.updateArrowFunction(
          seen,
          modifiers,
          typeParameters,
          parameters,
          type,
          equalsGreaterThanToken,
          body,
        );
      }
      if (api.isFunctionDeclaration(seen) && seen.body !== undefined) {
        const { modifiers, asteriskToken, name, typeParameters, parameters, type } = seen;
        const body = guarded(seen.body);
        return factory.updateFunctionDeclaration(
          seen,
          modifiers,
          asteriskToken,
          name,
          typeParameters,
          parameters,
          type,
          body,
        );
      }
      if (api.isFunctionExpression(seen)) {
        const { modifiers, asteriskToken, name, typeParameters, parameters, type } = seen;
        const body = guarded(seen.body);
        return factory.updateFunctionExpression(
          seen,
          modifiers,
          asteriskToken,
          name,
          typeParameters,
          parameters,
          type,
          body,
        );
      }
      return visitMember(seen);
    };
    const visitMember = (seen: ts.Node): ts.Node => {
      if (api.isMethodDeclaration(seen) && seen.body !== undefined) {
        return factory.updateMethodDeclaration(
          seen,
          seen.modifiers,
          seen.asteriskToken,
          seen.name,
          seen.questionToken,
          seen.typeParameters,
          seen.parameters,
          seen.type,
          guarded(seen.body),
        );
      }
      if (api.isGetAccessorDeclaration(seen) && seen.body !== undefined) {
        const { modifiers, name, parameters, type } = seen;
        const body = guarded(seen.body);
        return factory.updateGetAccessorDeclaration(seen, modifiers, name, parameters, type, body);
      }
      if (api.isSetAccessorDeclaration(seen) && seen.body !== undefined) {
        const { modifiers, name, parameters } = seen;
        const body = guarded(seen.body);
        return factory.updateSetAccessorDeclaration(seen, modifiers, name, parameters, body);
      }
      return seen;
    };
    return (file) => api.visitEachChild(file, visit, context);
  };
}

/** Tools as every host takes them: one that a host cannot read would cost it the whole list. */

import type { Tool } from '@modelcontextprotocol/client';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of what is listed at the same time, that is most often the same as before. */
const judged = new Map<string, boolean>();
const mostJudged = 5_000;

/**
 * With what hosts of 2025 stumble over mended, or left out: they want schemas of properties to be objects, and compile
 * what a result is promised to be. `undefined` if it has no name, or nothing that says what it takes.
 */
export function listable(tool: unknown): Tool | undefined {
  if (!isObject(tool) || typeof tool.name !== 'string' || !isObject(tool.inputSchema)) return undefined;
  const { outputSchema, inputSchema, description, title, annotations, icons, _meta, execution, ...rest } = tool;
  return {
    ...rest,
    ...(typeof description === 'string' && { description }),
    ...(typeof title === 'string' && { title }),
    ...(isObject(annotations) && { annotations }),
    ...(Array.isArray(icons) && { icons }),
    ...(isObject(_meta) && { _meta }),
    ...(isObject(execution) && { execution }),
    inputSchema: mended(inputSchema),
    ...(isObject(outputSchema) && isSound(outputSchema) && { outputSchema: mended(outputSchema) }),
  } as Tool;
}

function mended({ properties, required, ...schema }: Fields): Fields {
  return {
    ...schema,
    type: 'object',
    ...(isObject(properties) && { properties: Object.fromEntries(Object.entries(properties).map(ofProperty)) }),
    ...(Array.isArray(required) && { required: required.filter((each) => typeof each === 'string') }),
  };
}

/** `true` and `false` are schemas, too: anything, and nothing. */
function ofProperty([name, schema]: [string, unknown]): [string, Fields] {
  if (isObject(schema)) return [name, schema];
  return [name, schema === false ? { not: {} } : {}];
}

/** Whether it compiles. Without it a tool does all it did; only nobody checks what it gives. */
function isSound(schema: Fields): boolean {
  const text = JSON.stringify(schema);
  let verdict = judged.get(text);
  if (verdict === undefined) {
    try {
      new AjvJsonSchemaValidator().getValidator(mended(schema));
      verdict = schema.properties === undefined || isObject(schema.properties);
    } catch {
      verdict = false;
    }
    if (judged.size >= mostJudged) judged.clear();
    judged.set(text, verdict);
  }
  return verdict;
}

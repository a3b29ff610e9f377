// Writes src/api/schema.d.ts from the server's openapi.yaml, the one contract between both.
import { writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const contract = new URL('../../src/api/openapi.yaml', import.meta.url);
const target = new URL('../src/api/schema.d.ts', import.meta.url);

const tree = await openapiTS(contract, { alphabetize: true });
writeFileSync(
  target,
  `// Generated from src/api/openapi.yaml by "npm run types".\n\n${astToString(tree)}`,
);

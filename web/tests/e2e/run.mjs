// Browser checks, one line each; the exit code says whether all passed.
import { checkActions } from './actions.mjs';
import { checkPages } from './pages.mjs';

let failed = 0;
let passed = 0;
function report(name, faults) {
  if (faults.length === 0) {
    passed += 1;
    console.log(`ok   ${name}`);
    return;
  }
  failed += 1;
  console.log(`FAIL ${name}`);
  for (const fault of faults) console.log(`     ${fault}`);
}

await checkPages(report);
if (!process.env.BASE_URL && !process.env.ONLY && !process.env.LOOK) await checkActions(report);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

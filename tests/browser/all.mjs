// all.mjs - run.sh calls it: one browser for all.

import { closeBrowser, openBrowser, plan } from "./lib.mjs";
import { citizen } from "./citizen.mjs";
import { staff } from "./staff.mjs";
import { subscribe } from "./subscribe.mjs";
import { people } from "./people.mjs";
import { alerts } from "./alerts.mjs";
import { posts } from "./posts.mjs";
import { outbox } from "./outbox.mjs";
import { pages } from "./pages.mjs";
import { live } from "./live.mjs";

await openBrowser();
await Promise.all([citizen(), staff()]);        // at different shelters
await subscribe();
await people();
await alerts();
await posts();
await outbox();
await pages();
await live();
await closeBrowser();
process.exitCode = plan() ? 1 : 0;

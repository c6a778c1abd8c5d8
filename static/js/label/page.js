// The labelling page. Without these modules the same form works page by page.

import "./keys.js";
import "./session.js";
import { announce, on } from "./desk.js";
import { open } from "./pause.js";
import { siteOf } from "./places.js";

on("shown", (place) => place && announce(`Next page: ${siteOf(place)}`));

open();

"use strict";
// All scripts and the run's data are here: show the page of the address.
Sextant.start();

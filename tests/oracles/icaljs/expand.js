// Reads calendars, one JSON string a line, and says what takes place in each: {found: [...]} or {error: "..."}, one a line.
// What a line asks for is {data, until}: the whole text, and the second since 1970 after which nobody is interested.
import { createInterface } from "node:readline";
import ICAL from "ical.js";

function moment(time) {
  if (time.isDate) return { date: time.toString() };
  if (time.zone === ICAL.Timezone.localTimezone) return { wall: time.toString() };
  return { instant: time.toUnixTime() };
}

function occurrence(event, start, end) {
  return { start: moment(start), end: moment(end), uid: event.uid ?? "", title: event.summary ?? "" };
}

function* ofSeries(master, until) {
  const met = new Set();
  const steps = master.iterator();
  for (let start = steps.next(); start && start.toUnixTime() <= until; start = steps.next()) {
    const details = master.getOccurrenceDetails(start);
    if (details.item.recurrenceId?.compare(start) === 0) met.add(details.item);
    yield occurrence(details.item, details.startDate, details.endDate);
  }
  // The library forgets overrides of what is not in the series; here they are events like those without a series.
  for (const event of Object.values(master.exceptions)) {
    if (!met.has(event)) yield occurrence(event, event.startDate, event.endDate);
  }
}

function expand({ data, until }) {
  const calendar = new ICAL.Component(ICAL.parse(data));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent").map((component) => new ICAL.Event(component, { exceptions: [] }));
  const masters = events.filter((event) => !event.isRecurrenceException());
  const found = [];
  for (const event of events.filter((event) => event.isRecurrenceException())) {
    const master = masters.find((one) => one.uid === event.uid);
    if (master) master.relateException(event);
    else found.push(occurrence(event, event.startDate, event.endDate));
  }
  for (const master of masters) found.push(...ofSeries(master, until));
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { found: expand(JSON.parse(line)) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}

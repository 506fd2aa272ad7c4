import type { NoteContext } from './note-context.ts';
import { balancerNotes } from './notes-balancer.ts';
import { policyNotes } from './notes-policy.ts';
import { serviceNotes } from './notes-service.ts';
import type { Note } from './report.ts';

/** What follows from the flows and should be known before someone acts on them; warnings first. */
export function notesFor(context: NoteContext): Note[] {
  const notes = [...policyNotes(context), ...serviceNotes(context), ...balancerNotes(context)];
  return [...notes.filter((note) => note.severity === 'warning'), ...notes.filter((note) => note.severity === 'info')];
}

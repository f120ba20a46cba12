"""Tables of the office to rows of the store.

The way: bytes -> `formats` (what is it?) -> `workbook` or `delimited` -> `sheet` -> `table` (where are the headings?)
-> `roster`, `timetable`, `classes`, `teachers`, `online` -> a draft -> `commit`.

1. A draft is a pure function of the file's bytes and the `World` (what the store holds); a dry run, a preview and the
   commit make the same one.
2. A file is written whole, in one transaction, or not at all; a draft with an error, or a warning that nobody ticked,
   is never written. A crash in mid-import leaves the store as it was.
3. Nothing is read that isn't bounded first: bytes, parts of the archive, elements, rows, columns, the length of a text.
4. A cell that can't be read becomes a problem that names row and column, never a guess; what had to be guessed between
   two readings is a warning.
5. No text of a problem repeats a resident id, and no fact holds a name.
"""

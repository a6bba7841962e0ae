import GRDB

/// The tables. Rows are mostly written once: a job never changes, its lease is one small row, and its outcome another.
/// A job therefore costs three short writes, and a primary key makes its outcome unique.
///
///     tenant         the number, the name, and the number of its next job
///     job            the specification, the number by which its tenant knows the job, and its fairness key; never changed
///     lease          the last attempt, its worker, whether it is held, when it began (0: not known to have begun), and
///                    the identity of the prepared set that it starts from
///     loss           workers that were lost while they ran the job
///     outcome        how the job ended; a job is finished if it has this row
///     cachedOutcome  the latest job of a tenant with an outcome that equal jobs may take, by their key
///     value          printed values that are too large for the outcome's body
///     traceSegment   the place of a segment in the trace file of (job, attempt)
///     closureRun     jobs of a tenant that share their store objects, with the key that the client gave them
///     jobRun         the run of a job that gives store objects
///     closurePart    the place of a list of a job's objects in the file of (job, attempt)
///     object         a complete object of a run, and its place in the file of the attempt that uploaded it
///     totals         one row with the next job id and the sums that the retention bounds need
enum JobStoreSchema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-jobs") { database in
            try database.execute(sql: firstTables)
        }
        migrator.registerMigration("2-begun") { database in
            try database.execute(sql: "ALTER TABLE lease ADD COLUMN begun INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("3-numbers") { database in
            try database.execute(sql: numbers)
        }
        migrator.registerMigration("4-closures") { database in
            try database.execute(sql: closures)
        }
        migrator.registerMigration("5-prepared") { database in
            try database.execute(sql: "ALTER TABLE lease ADD COLUMN prepared BLOB")
        }
        migrator.registerMigration("6-scheduling") { database in
            try database.execute(sql: scheduling)
        }
        return migrator
    }()

    private static let firstTables = """
        CREATE TABLE tenant (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE job (
            id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenant(number), priority INTEGER NOT NULL,
            submitted INTEGER NOT NULL, notBefore INTEGER NOT NULL, deadline INTEGER NOT NULL,
            idempotencyKey BLOB, label TEXT NOT NULL, body BLOB NOT NULL);
        CREATE UNIQUE INDEX jobKey ON job(tenant, idempotencyKey) WHERE idempotencyKey IS NOT NULL;
        CREATE INDEX jobTenant ON job(tenant, id);
        CREATE TABLE lease (
            job INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, held INTEGER NOT NULL, leased INTEGER NOT NULL,
            worker TEXT NOT NULL);
        CREATE TABLE loss (
            job INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, worker TEXT NOT NULL,
            cause TEXT NOT NULL, PRIMARY KEY (job, attempt)) WITHOUT ROWID;
        CREATE TABLE outcome (
            job INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, code INTEGER NOT NULL, finished INTEGER NOT NULL,
            fuel INTEGER NOT NULL, size INTEGER NOT NULL, traceSegments INTEGER NOT NULL,
            traceDropped INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE value (job INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
        CREATE INDEX outcomeFinished ON outcome(finished);
        CREATE TABLE traceSegment (
            job INTEGER NOT NULL, attempt INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL,
            length INTEGER NOT NULL, PRIMARY KEY (job, attempt, number)) WITHOUT ROWID;
        CREATE TABLE totals (
            one INTEGER PRIMARY KEY CHECK (one = 1), nextJob INTEGER NOT NULL, finished INTEGER NOT NULL,
            resultBytes INTEGER NOT NULL, traceBytes INTEGER NOT NULL);
        INSERT INTO totals VALUES (1, 1, 0, 0, 0);
        """

    /// The ids of runs are never used again, because a directory is named after each and removed late.
    private static let closures = """
        CREATE TABLE closureRun (
            id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, key BLOB, bytes INTEGER NOT NULL DEFAULT 0,
            UNIQUE (tenant, key));
        CREATE TABLE jobRun (job INTEGER PRIMARY KEY, run INTEGER NOT NULL);
        CREATE INDEX jobRunRun ON jobRun(run);
        CREATE TABLE closurePart (
            job INTEGER NOT NULL, attempt INTEGER NOT NULL, number INTEGER NOT NULL, start INTEGER NOT NULL,
            length INTEGER NOT NULL, PRIMARY KEY (job, attempt, number)) WITHOUT ROWID;
        CREATE TABLE object (
            run INTEGER NOT NULL, name BLOB NOT NULL, job INTEGER NOT NULL, attempt INTEGER NOT NULL,
            start INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;
        ALTER TABLE totals ADD COLUMN objectBytes INTEGER NOT NULL DEFAULT 0;
        """

    private static let scheduling = """
        ALTER TABLE job ADD COLUMN key TEXT NOT NULL DEFAULT '';
        CREATE TABLE cachedOutcome (
            tenant INTEGER NOT NULL, key BLOB NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (tenant, key)) WITHOUT ROWID;
        CREATE INDEX cachedOutcomeJob ON cachedOutcome(job);
        """

    /// Existing jobs keep the id that their tenant was told as their number.
    private static let numbers = """
        ALTER TABLE tenant ADD COLUMN nextNumber INTEGER NOT NULL DEFAULT 1;
        UPDATE tenant SET nextNumber = (SELECT nextJob FROM totals);
        ALTER TABLE job ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
        UPDATE job SET number = id;
        CREATE UNIQUE INDEX jobNumber ON job(tenant, number);
        DROP INDEX jobTenant;
        """
}

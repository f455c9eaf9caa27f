"""Runs the same texts through each engine and compares the answers: see run."""

import contextlib
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

dir, root, corpora = (pathlib.Path(a) for a in sys.argv[1:4])
count = int(sys.argv[4])
wanted = sys.argv[5:]
out = dir / "out"
os.environ["PATH"] = f"{dir}/venv/bin:{os.environ['PATH']}"  # spark-submit asks python3 where Spark is
texts = dir / "texts" / f"{count}.jsonl"
sentiment, beam = str(dir / "sentiment"), str(dir / "sentiment-beam")
python = sys.executable
filter = [sentiment, "classify", "--format", "jsonl", "--head", "sentiment", "--bad-records", "mark", "--output", "jsonl", "--threads", "1"]


def rows(name):
    text = subprocess.run(["zstd", "-dcq", corpora / name], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t", 1)[1] for line in text.split("\n")[1:] if "\t" in line]


def make():
    """Texts of AG News, every fiftieth one of IMDB, repeated, with ids; and one that is broken."""
    if texts.exists():
        return
    texts.parent.mkdir(exist_ok=True)
    news, films = rows("ag-news/test.tsv.zst"), rows("imdb/test.tsv.zst")
    with open(texts, "w") as f:
        for i in range(count):
            if i == count // 2:
                f.write('{"id": "broken", "text": "no end\n')
                continue
            text = films[i // 50 % len(films)] if i % 50 == 49 else news[i % len(news)]
            f.write(json.dumps({"id": f"t{i}", "text": text}) + "\n")


def descendants(pid):
    """Processes that pid has started, directly or not, in whatever session."""
    children = {}
    for p in os.listdir("/proc"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            children.setdefault(int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1]), []).append(int(p))
    found, queue = [], [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.append(child)
            queue.append(child)
    return found


class Meter:
    """Wall and processor time of all that is started in its block, and the most memory."""

    def __enter__(self):
        self.start, self.peak, self.running = time.time(), 0, True
        self.cpu = self.used()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def used(self):
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    def watch(self):
        while self.running:
            total = 0
            for p in descendants(os.getpid()):
                with contextlib.suppress(OSError, StopIteration):
                    total += next(int(l.split()[1]) for l in open(f"/proc/{p}/smaps_rollup") if l.startswith("Pss:"))
            self.peak = max(self.peak, total)
            time.sleep(0.5)

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        self.wall, self.cpu = time.time() - self.start, self.used() - self.cpu


def answers(path):
    """The lines of a file, or of the files that a directory has committed."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith((".", "_")) and ".inprogress" not in p.name and ".part" not in p.name[-5:])
    lines = []
    for f in files:
        lines += f.read_text().splitlines()
    return lines


def digest(lines):
    # The id of the broken line is its number in what a process reads, and so is its error.
    clean = ["broken" if '"error"' in l else l for l in lines]
    return len(lines), hashlib.sha256("\n".join(sorted(clean)).encode()).hexdigest()[:16]


results = {}


def report(name, meter, path, note=""):
    n, sum = digest(answers(path))
    ok = results.setdefault("reference", (n, sum)) == (n, sum)
    print(f"{name:34} {meter.wall:7.1f} s {meter.cpu:7.1f} s CPU {meter.peak / 1024:6.0f} MiB  {n} records {sum} {'same' if ok else 'DIFFERENT'} {note}", flush=True)
    if not ok:
        results["failed"] = True


def fresh(name):
    path = out / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def run(*command, log, check=True, **more):
    with open(log, "wb") as f:
        p = subprocess.run([str(c) for c in command], stdout=f, stderr=subprocess.STDOUT, **more)
    if check and p.returncode:
        sys.exit(f"{command[0]}: exit code {p.returncode}, see {log}")
    return p.returncode


def command(threads):
    path = fresh(f"command-{threads}")
    with Meter() as m, open(texts, "rb") as i, open(path / "answers.jsonl", "wb") as o:
        args = filter[:-1] + [str(threads)]
        p = subprocess.run(args, stdin=i, stdout=o, stderr=subprocess.DEVNULL)
    if p.returncode:
        sys.exit(f"the command: exit code {p.returncode}")
    report(f"command, {threads} threads", m, path)


def with_beam(title, *flags):
    name = title.lower().replace(", ", "-")
    path = fresh(name)
    with Meter() as m:
        run(beam, "classify", "--head", "sentiment", "--shards", "4", "--output", path / "answers", *flags, texts,
            log=out / f"{name}.log", env={**os.environ, "GOMAXPROCS": "2"})
    report(title, m, path)


@contextlib.contextmanager
def started(*command, log, env=None):
    """A server that runs in the block, and is gone after it."""
    with open(log, "wb") as f:
        p = subprocess.Popen([str(c) for c in command], stdout=f, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        yield p
    finally:
        p.terminate()
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def wait_for(what, true, seconds=900):
    end = time.time() + seconds
    while not true():
        if time.time() > end:
            sys.exit(f"{what}: nothing after {seconds} s")
        time.sleep(0.2)


def listens(port):
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def python_runner(kill=False):
    name = "kill-python" if kill else "beam-python"
    path = fresh(name)
    args = [beam, "classify", "--runner", "universal", "--endpoint", "localhost:8399", "--environment_type", "LOOPBACK", "--head", "sentiment", "--shards", "4", "--output", path / "answers", texts]
    with Meter() as m:
        with started(python, "-m", "apache_beam.runners.portability.local_job_service_main", "--job_port", "8399", log=out / f"{name}-server.log"):
            wait_for("Python's job server", lambda: listens(8399))
            if kill:
                code = killed_while(args, out / f"{name}.log", lambda: pids_of("sentiment-beam"))
                print(f"Beam on Python's job server, its worker killed: exit code {code}, {len(answers(path))} records under the names of the output", flush=True)
            run(*args, log=out / f"{name}.log", env={**os.environ, "GOMAXPROCS": "2"})
    report("Beam, Python's job server" + (", run again" if kill else ""), m, path)


# Flink: a standalone cluster of one JobManager and TaskManagers of one or two slots.
opens = [f"--add-opens=java.base/{p}=ALL-UNNAMED" for p in ("java.util", "java.lang", "java.util.concurrent", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.lang.reflect", "java.util.concurrent.atomic", "java.util.concurrent.locks")]
flink = dir / "flink"
flink_env = {"FLINK_CONF_DIR": str(flink / "conf"), "FLINK_LIB_DIR": str(flink / "lib"), "FLINK_PLUGINS_DIR": str(flink / "plugins"), "FLINK_LOG_DIR": str(flink / "log")}


def flink_java(main, *args, more=()):
    return ["java", *opens, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *more, f"-Dlog4j.configurationFile={flink}/conf/log4j.properties", "-cp", f"{flink}/lib/*", main, *args]


def flink_conf():
    (flink / "conf").mkdir(exist_ok=True)
    shutil.rmtree(flink / "state", ignore_errors=True)
    (flink / "conf" / "config.yaml").write_text(f"""\
jobmanager.rpc.address: localhost
jobmanager.rpc.port: 6123
rest.port: 8181
rest.address: localhost
blob.server.port: 6124
parallelism.default: 2
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 1000
restart-strategy.fixed-delay.delay: 2 s
heartbeat.timeout: 120000
heartbeat.interval: 2000
pekko.startup-timeout: 300 s
pekko.ask.timeout: 120 s
execution.checkpointing.dir: file://{flink}/state
""")
    (flink / "conf" / "log4j.properties").write_text("""\
rootLogger.level = INFO
rootLogger.appenderRef.c.ref = console
appender.c.name = console
appender.c.type = CONSOLE
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss} %-5p %c{1} %m%n
""")


def job_manager():
    return started(*flink_java("org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", flink / "conf",
        "-D", "jobmanager.memory.off-heap.size=128m", "--executionMode", "cluster"), log=out / "flink-jobmanager.log", env=flink_env)


def task_manager(n, slots):
    sizes = ["cpu.cores=2", f"numberOfTaskSlots={slots}", "memory.task.heap.size=256mb", "memory.managed.size=64mb", "memory.network.min=64mb", "memory.network.max=64mb",
             "memory.task.off-heap.size=0b", "memory.framework.heap.size=128mb", "memory.framework.off-heap.size=128mb", "memory.jvm-metaspace.size=256mb",
             "memory.jvm-overhead.min=192mb", "memory.jvm-overhead.max=192mb"]
    return started(*flink_java("org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", flink / "conf",
        *[a for s in sizes for a in ("-D", f"taskmanager.{s}")], more=["-XX:MaxDirectMemorySize=256m"]), log=out / f"flink-taskmanager-{n}.log", env=flink_env)


def rest(path):
    import urllib.request

    with contextlib.suppress(OSError):
        return json.load(urllib.request.urlopen(f"http://localhost:8181{path}", timeout=5))
    return {}


def submit(mode, source, sink, name, detached=False):
    args = ["run", "-d"] if detached else ["run"]
    return run(*flink_java("org.apache.flink.client.cli.CliFrontend", *args, "-p", "2", "-c", "ClassifyJob", dir / "classify-job.jar", mode, source, sink, *filter),
        log=out / f"{name}-client.log", env={**os.environ, **flink_env})


@contextlib.contextmanager
def cluster(*slots):
    flink_conf()
    wait_for("the ports of Flink", lambda: not listens(6123) and not listens(8181))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(job_manager())]

        def up(slots):
            if any(p.poll() is not None for p in servers):
                sys.exit(f"Flink did not start, see {out}/flink-*.log")
            return rest("/overview").get("slots-total") == slots

        wait_for("Flink's JobManager", lambda: up(0))
        for i, n in enumerate(slots):
            servers.append(stack.enter_context(task_manager(i, n)))
            wait_for("Flink's TaskManager", lambda: up(sum(slots[: i + 1])))
        yield servers[1:]


def with_flink():
    path, source = fresh("flink"), fresh("flink-in")
    os.link(texts, source / "texts.jsonl")
    with Meter() as m:
        with cluster(2):
            begin = time.time()
            submit("batch", source, path, "flink")
            job = time.time() - begin
    report("Flink, batch, parallelism 2", m, path, f"(job {job:.1f} s)")


def with_spark(kill=False):
    name = "kill-spark" if kill else "spark"
    path = fresh(name)
    path.rmdir()
    with Meter() as m:
        args = [dir / "venv/bin/spark-submit", "--master", "local[2,4]", "--conf", "spark.ui.enabled=false", root / "engines/spark/classify.py", texts, path, "2", "--", *filter]
        if not kill:
            run(*args, log=out / f"{name}.log")
        else:
            killed_while(args, out / f"{name}.log", lambda: pids_of("sentiment"))
    report("Spark, 2 partitions" + (", a process killed" if kill else ""), m, path)


def pids_of(name):
    found = []
    for p in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{p}/exe").endswith("/" + name):
                found.append(p)
    return found


def killed_while(args, log, victims, patience=None):
    """Runs a command and kills one of the processes that victims finds, once it has worked for a while.

    Returns the exit code, None where it has not ended within patience seconds."""
    with open(log, "wb") as f:
        p = subprocess.Popen([str(a) for a in args], stdout=f, stderr=subprocess.STDOUT, env={**os.environ, "GOMAXPROCS": "2"})
    wait_for("a process to kill", lambda: p.poll() is not None or busy(victims()))
    if p.poll() is not None:
        sys.exit(f"it ended before a process could be killed, see {log}")
    victim = busy(victims())[0]
    os.kill(victim, signal.SIGKILL)
    print(f"killed {victim} after {cpu_of(victim):.1f} s of work", flush=True)
    try:
        return p.wait(patience)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        return None


def cpu_of(pid):
    with contextlib.suppress(OSError, IndexError):
        f = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")
    return 0


def busy(pids):
    """Those that have done some of the work, a tenth to a third of what a process gets."""
    return [p for p in pids if cpu_of(p) > max(1, count * 0.00003)]


def evaluate():
    """Beam's Evaluate on IMDB's test texts, every tenth for a small run."""
    source = dir / "texts" / f"imdb-{count}.tsv"
    if not source.exists():
        text = subprocess.run(["zstd", "-dcq", corpora / "imdb/test.tsv.zst"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines(keepends=True)
        source.write_text(text[0] + "".join(text[1:] if count >= 100000 else text[1::50]))
    path = fresh("eval")
    with Meter() as m:
        with open(path / "command.json", "wb") as f:
            subprocess.run([sentiment, "eval", "--score", "sentiment", "--output", "json", source], stdout=f, check=True, stderr=subprocess.DEVNULL)
    with Meter() as b:
        run(beam, "eval", "--score", "sentiment", "--output", path / "beam.json", "--output-format", "json", source, log=out / "eval.log")
    same = (path / "command.json").read_bytes() == (path / "beam.json").read_bytes()
    e = json.loads((path / "beam.json").read_text())
    print(f"eval of {(e[0] if isinstance(e, list) else e)['n']} texts: command {m.wall:.1f} s, Beam {b.wall:.1f} s, reports {'equal' if same else 'DIFFERENT'}", flush=True)
    if not same:
        results["failed"] = True


def kill_prism():
    path = fresh("kill-prism")
    args = [beam, "classify", "--environment_type", "PROCESS", "--head", "sentiment", "--shards", "4", "--output", path / "answers", texts]
    workers = lambda: [p for p in pids_of("sentiment-beam") if b"--provision_endpoint" in open(f"/proc/{p}/cmdline", "rb").read()]
    code = killed_while(args, out / "kill-prism.log", workers, patience=120)
    print(f"Beam on Prism, its worker killed: {'still waits after 120 s, stopped' if code is None else f'exit code {code}'}, {len(answers(path))} records under the names of the output", flush=True)
    with Meter() as m:
        run(*args, log=out / "kill-prism-again.log")
    report("Beam on Prism, run again", m, path)


def kill_flink():
    path, source = fresh("kill-flink"), fresh("kill-flink-in")
    os.link(texts, source / "texts.jsonl")
    with Meter() as m:
        with cluster(2):
            threading.Thread(target=kill_one, args=(lambda: pids_of("sentiment"),)).start()
            submit("batch", source, path, "kill-flink")
    report("Flink, batch, a process killed", m, path)


def kill_one(victims):
    wait_for("a process to kill", lambda: busy(victims()))
    os.kill(busy(victims())[0], signal.SIGKILL)
    print("killed", flush=True)


def stream():
    """Flink on a directory that grows, checkpoints every second; a TaskManager dies in mid-stream."""
    lines = texts.read_text().splitlines(keepends=True)
    path, source = fresh("flink-stream"), fresh("flink-stream-in")
    parts = [lines[i * len(lines) // 20 : (i + 1) * len(lines) // 20] for i in range(20)]

    def put(i):
        hidden = source / f".{i}"
        hidden.write_text("".join(parts[i]))
        hidden.rename(source / f"{i:02}.jsonl")

    def committed(n):
        if any(j["status"] in ("FAILED", "FINISHED") for j in rest("/jobs").get("jobs", [])):
            sys.exit(f"Flink's job ended, see {out}/flink-jobmanager.log")
        return len(answers(path)) >= n

    with Meter() as m:
        with cluster(1, 1, 1) as managers:  # one to spare
            for i in range(5):
                put(i)
            submit("stream", source, path, "flink-stream", detached=True)
            wait_for("the first committed answers", lambda: committed(len(lines) // 50))
            victim = next(p for p in managers if any(os.readlink(f"/proc/{c}/exe").endswith("/sentiment") for c in descendants(p.pid)))
            victim.kill()
            print(f"killed a TaskManager after {len(answers(path))} committed answers", flush=True)
            for i in range(5, 15):
                put(i)
            wait_for("answers after the kill", lambda: committed(len(lines) // 2))
            for i in range(15, 20):
                put(i)
            wait_for("all answers", lambda: committed(len(lines)))
            time.sleep(5)  # for any that would come twice
            job = rest("/jobs")["jobs"][0]["id"]
            checkpoints = rest(f"/jobs/{job}/checkpoints")["counts"]
            run(*flink_java("org.apache.flink.client.cli.CliFrontend", "cancel", job), log=out / "flink-cancel.log", env={**os.environ, **flink_env})
    report("Flink, stream, a TaskManager killed", m, path, f"(checkpoints {checkpoints['completed']}, restored {checkpoints['restored']})")


make()
out.mkdir(exist_ok=True)
checks = {
    "command": lambda: (command(2), command(1)),
    "prism": lambda: with_beam("Beam, Prism, LOOPBACK"),
    "process": lambda: with_beam("Beam, Prism, PROCESS", "--environment_type", "PROCESS"),
    "python": python_runner,
    "flink": with_flink,
    "spark": with_spark,
    "eval": evaluate,
    "kill-spark": lambda: with_spark(kill=True),
    "kill-prism": kill_prism,
    "kill-python": lambda: python_runner(kill=True),
    "kill-flink": kill_flink,
    "stream": stream,
}
unknown = set(wanted) - set(checks)
if unknown:
    sys.exit(f"unknown checks {sorted(unknown)}: want some of {list(checks)}")
for name in checks:
    if not wanted or name in wanted or name == "command":
        checks[name]()
sys.exit("some answers are not the command's" if results.get("failed") else 0)

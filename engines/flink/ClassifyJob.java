import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;

/**
 * Texts in, answers out: each subtask keeps one "sentiment classify" and pipes records to it.
 *
 * <pre>
 *   flink run -p 4 -c ClassifyJob classify-job.jar batch  IN OUT sentiment classify --format jsonl ...
 *   flink run -p 4 -c ClassifyJob classify-job.jar stream IN OUT sentiment classify --format jsonl ...
 * </pre>
 *
 * IN is a directory of files of lines, which "stream" watches for new ones without end; OUT is a
 * directory. In a job of your own, with any source and sink:
 *
 * <pre>
 *   DataStream&lt;String&gt; answers = ClassifyJob.classify(lines, "sentiment", "classify", ...);
 * </pre>
 */
public class ClassifyJob {
  /** How many records one process has before it at most. */
  static final int IN_FLIGHT = 2048;

  /** Answers lines by a command that writes one line for each that it reads, in order. */
  public static DataStream<String> classify(DataStream<String> lines, String... command) {
    return AsyncDataStream.orderedWait(lines, new Pipe(command), 10, TimeUnit.MINUTES, IN_FLIGHT).name("sentiment classify");
  }

  /**
   * A process as an asynchronous function. Records that have no answer yet are part of every
   * checkpoint and are given to the process again after a failure, so that with a sink that
   * commits on checkpoints each has one answer.
   */
  public static class Pipe extends RichAsyncFunction<String, String> {
    private static final long serialVersionUID = 1;

    private final String[] command;
    private transient Process process;
    private transient Writer in;
    private transient Queue<ResultFuture<String>> waiting;
    private transient Throwable failed;

    public Pipe(String... command) {
      this.command = command;
    }

    @Override
    public void open(OpenContext context) throws IOException {
      waiting = new ArrayDeque<>();
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      in = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8), 1 << 16);
      Thread reader = new Thread(this::read, "answers of " + command[0]);
      reader.setDaemon(true);
      reader.start();
    }

    @Override
    public void asyncInvoke(String line, ResultFuture<String> result) throws IOException {
      synchronized (waiting) {
        if (failed != null) {
          throw new IOException(failed);
        }
        waiting.add(result);
      }
      // A record is one line, whatever it holds. The process answers what it has when more
      // would have to be waited for, so it has to have it.
      in.write(line.replace('\n', ' '));
      in.write('\n');
      in.flush();
    }

    /** Gives each answer to the record that has waited longest. */
    private void read() {
      Throwable end;
      try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line; (line = out.readLine()) != null; ) {
          ResultFuture<String> first;
          synchronized (waiting) {
            first = waiting.remove();
          }
          first.complete(Collections.singleton(line));
        }
        end = new IOException(String.join(" ", command) + ": exit code " + process.waitFor());
      } catch (Exception e) {
        end = e;
      }
      Queue<ResultFuture<String>> unanswered;
      synchronized (waiting) {
        failed = end;
        unanswered = new ArrayDeque<>(waiting);
        waiting.clear();
      }
      for (ResultFuture<String> r : unanswered) {
        r.completeExceptionally(end);
      }
    }

    @Override
    public void close() {
      if (process != null) {
        process.destroyForcibly(); // after the last answer there is nothing that it could lose
      }
    }
  }

  public static void main(String[] args) throws Exception {
    if (args.length < 4 || !args[0].equals("batch") && !args[0].equals("stream")) {
      System.err.println("usage: ClassifyJob batch|stream IN OUT COMMAND...");
      System.exit(2);
    }
    boolean stream = args[0].equals("stream");
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    FileSource.FileSourceBuilder<String> source = FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(args[1]));
    if (stream) {
      env.enableCheckpointing(1000); // exactly once is the default
      source.monitorContinuously(Duration.ofSeconds(1));
    } else {
      env.setRuntimeMode(RuntimeExecutionMode.BATCH);
    }
    DataStream<String> lines =
        env.fromSource(source.build(), WatermarkStrategy.noWatermarks(), "texts")
            .filter(line -> !line.isBlank()); // which is no record of JSON lines and would have no answer
    String[] command = Arrays.copyOfRange(args, 3, args.length);
    classify(lines, command)
        .sinkTo(FileSink.forRowFormat(new Path(args[2]), new SimpleStringEncoder<String>()).withRollingPolicy(OnCheckpointRollingPolicy.build()).build());
    env.execute("sentiment classify");
  }
}

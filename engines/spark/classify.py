"""Texts in, answers out, on Spark: each task pipes its records to one "sentiment classify".

    spark-submit classify.py IN OUT [partitions] -- sentiment classify --format jsonl ...

IN is a file or directory of lines, of any file system that Spark knows, OUT a directory that
is not there yet. In a program of your own:

    from classify import classify
    answers = classify(lines, ["sentiment", "classify", ...])    # RDD of lines -> RDD of lines
"""

import shlex
import sys

from pyspark.sql import SparkSession


def classify(lines, command):
    """Answers an RDD of lines by a command that writes one line for each that it reads.

    A task whose command ends with an error fails, and Spark does it again.
    """
    return lines.pipe(shlex.join(command), checkCode=True)


def main():
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    where, command = sys.argv[1:split], sys.argv[split + 1 :]
    if len(where) not in (2, 3) or not command:
        sys.exit("usage: classify.py IN OUT [partitions] -- COMMAND...")
    spark = SparkSession.builder.appName("sentiment classify").getOrCreate()
    partitions = int(where[2]) if len(where) == 3 else spark.sparkContext.defaultParallelism
    lines = spark.sparkContext.textFile(where[0], partitions)
    classify(lines, command).saveAsTextFile(where[1])
    spark.stop()


if __name__ == "__main__":
    main()

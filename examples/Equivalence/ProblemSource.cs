using System.Globalization;
using System.IO.Compression;
using AnalogTorch.Models.Data;
using static TorchSharp.torch;

namespace AnalogTorch.Examples.Equivalence;

/// <summary>Where the samples of problems come from, and how many there are.</summary>
/// <param name="Folder">Data folder; null for what the program draws.</param>
/// <param name="Seed">Seed of what is drawn.</param>
/// <param name="TrainCount">Most samples to learn from and to choose by, together.</param>
/// <param name="TestCount">Most samples to test with.</param>
internal sealed record ProblemSource(DataFolder? Folder, long Seed, int TrainCount, int TestCount)
{
    private const double TestShareOfTables = 0.25;

    /// <summary>Digits in MNIST's format, or drawn ones.</summary>
    public ImageSet Digits(bool train)
    {
        var count = train ? TrainCount : TestCount;
        if (Folder is null)
            return GeneratedDigits.Create(count, Seed, train);
        var images = Models.Data.Mnist.Load(Folder, train);
        return images.Take(Math.Min(count, images.Count));
    }

    /// <summary>Logarithms of the magnitudes of the spectra of drawn patterns in grey: of the pixels themselves, layers without convolutions learn nothing from so few samples.</summary>
    public (Samples Train, Samples Test) Spectra(PatternClasses classes)
    {
        return Standardised(Of(train: true), Of(train: false));

        Samples Of(bool train)
        {
            var images = GeneratedPatterns.Create(classes, train ? TrainCount : TestCount, Seed, train);
            return new(fft.rfft2(images.Images.mean([1])).abs().log1p().flatten(1), images.Labels);
        }
    }

    /// <summary>Images as rows, at most as many as were asked for.</summary>
    public (Samples Train, Samples Test) Images(Func<bool, ImageSet> load)
    {
        var (train, test) = (load(true), load(false));
        return (Samples.Of(train.Take(Math.Min(TrainCount, train.Count))), Samples.Of(test.Take(Math.Min(TestCount, test.Count))));
    }

    /// <summary>A drawn table with classes.</summary>
    public (Samples Train, Samples Test) Table(Func<int, long, (float[] Features, int Class)[]> draw)
    {
        var (train, test) = (draw(TrainCount, Seed), draw(TestCount, Seed + 1));
        return Standardised(Of(train), Of(test));

        static Samples Of((float[] Features, int Class)[] rows) => new(Rows([.. rows.Select(row => row.Features)]), tensor(rows.Select(row => (long)row.Class).ToArray()));
    }

    /// <summary>A drawn table with values.</summary>
    public (Samples Train, Samples Test) Table(Func<int, long, (float[] Features, float Value)[]> draw)
    {
        var (train, test) = (draw(TrainCount, Seed), draw(TestCount, Seed + 1));
        return Standardised(Of(train), Of(test));

        static Samples Of((float[] Features, float Value)[] rows) => new(Rows([.. rows.Select(row => row.Features)]), tensor(rows.Select(row => row.Value).ToArray()).view(-1, 1));
    }

    /// <summary>8×8 digits of the UCI repository; the last column is the class.</summary>
    public (Samples Train, Samples Test) OptDigits()
    {
        const int Columns = 65;
        var (train, test) = (Read("optdigits-train.csv", Columns), Read("optdigits-test.csv", Columns));
        return (Of(train, TrainCount), Of(test, TestCount));

        static Samples Of(float[][] rows, int most)
        {
            var some = rows.Take(most).ToArray();
            return new(Rows([.. some.Select(row => row[..^1])]).div_(16f), tensor(some.Select(row => (long)row[^1]).ToArray()));
        }
    }

    /// <summary>Californian houses: eight numbers and the value; rows that lack one are left out. Rows are mixed, and a quarter is kept for the test.</summary>
    public (Samples Train, Samples Test) Housing()
    {
        using var generator = new Generator((ulong)Seed);
        var rows = Read("california-housing.csv", columns: 9);
        var order = randperm(rows.Length, generator: generator).data<long>().ToArray();
        var mixed = order.Select(index => rows[index]).ToArray();
        var tests = Math.Min(TestCount, (int)(TestShareOfTables * rows.Length));
        return Standardised(Of(mixed[tests..][..Math.Min(TrainCount, mixed.Length - tests)]), Of(mixed[..tests]));

        static Samples Of(float[][] rows) => new(Rows([.. rows.Select(row => row[..^1])]), tensor(rows.Select(row => row[^1]).ToArray()).view(-1, 1));
    }

    /// <summary>Inputs, and values to find, in units of their spread over the training samples.</summary>
    private static (Samples Train, Samples Test) Standardised(Samples train, Samples test)
    {
        var (x, isRegression) = (Scaling(train.X), train.Y.is_floating_point());
        var y = isRegression ? Scaling(train.Y) : values => values;
        return (new(x(train.X), y(train.Y)), new(x(test.X), y(test.Y)));

        static Func<Tensor, Tensor> Scaling(Tensor values)
        {
            var (mean, spread) = (values.mean([0], keepdim: true), values.std(0, unbiased: true, keepdim: true).clamp_min_(1e-12f));
            return other => ((other - mean) / spread).clamp_(-4f, 4f);
        }
    }

    private static Tensor Rows(float[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);

    /// <summary>Rows whose first columns are all numbers.</summary>
    private float[][] Read(string name, int columns)
    {
        var rows = new List<float[]>();
        foreach (var line in Lines(Folder!.Find("tabular", name)))
        {
            var fields = line.Split(',');
            var row = new float[columns];
            if (fields.Length >= columns && Enumerable.Range(0, columns).All(i => float.TryParse(fields[i], NumberStyles.Float, CultureInfo.InvariantCulture, out row[i])))
                rows.Add(row);
        }
        return rows.Count > 1 ? [.. rows] : throw new InvalidDataException($"{name} has no two rows of {columns} numbers: take the file of the UCI repository.");
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var file = File.OpenRead(path);
        using Stream plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(plain);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}

using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Text;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Language;

/// <summary>A sentence encoder on phase-change memory: how well its cosines follow what people think of pairs of sentences.</summary>
/// <param name="Encoder">The encoder.</param>
/// <param name="Pairs">Pairs of sentences, with how alike they are.</param>
/// <param name="Others">Sentences without labels, on which outputs are recalibrated and adapters learn.</param>
internal sealed record SentenceStudy(SentenceEncoder Encoder, IReadOnlyList<(double Score, string First, string Second)> Pairs,
    IReadOnlyList<string> Others)
{
    private const int Rank = 8, TextsOfStep = 32;

    /// <summary>The hardware.</summary>
    public static InferenceConfig Hardware { get; } = PcmPresets.Inference;

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; } = 3;

    /// <summary>Sentences on which outputs are recalibrated.</summary>
    public int RecalibrationTexts { get; init; } = 128;

    /// <summary>Steps of the adapters; 0 leaves them out.</summary>
    public int AdapterSteps { get; init; } = 40;

    /// <summary>Seed of the chips.</summary>
    public long Seed { get; init; }

    /// <summary>Reads the test set of the STS benchmark: genre, file, year, id, score, two sentences, parted by tabs, without quoting.</summary>
    /// <exception cref="InvalidDataException">A line is of another form.</exception>
    public static IReadOnlyList<(double Score, string First, string Second)> Read(string path) =>
        [.. File.ReadLines(path).Select((line, number) => line.Split('\t') is [_, _, _, _, var score, var first, var second, ..]
            && double.TryParse(score, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? (value, first, second)
            : throw new InvalidDataException($"{path}, line {number + 1}, must be genre, file, year, id, score and two sentences, parted by tabs; get the file again from where it came."))];

    /// <summary>Runs all of it.</summary>
    /// <param name="done">Told every Spearman correlation, by name of the deployment.</param>
    /// <param name="say">Told what is being done.</param>
    /// <param name="cancel">Ends it between two chips.</param>
    public void Run(Action<string, double> done, Action<string> say, CancellationToken cancel)
    {
        done("digital", Spearman());
        var rows = Rows(Others.Take(RecalibrationTexts));
        var (own, teacher) = Lesson();
        for (var number = 0; number < Chips; number++)
        {
            cancel.ThrowIfCancellationRequested();
            say($"sentences: chip {number + 1} of {Chips}");
            using var chip = Encoder.Network.Program(Hardware, 1000 * Seed + number);
            if (number == 0)
            {
                chip.DriftTo(1);
                done("programmed", Spearman());
            }
            foreach (var (age, time) in new[] { ("day", Units.Day), ("year", Units.Year) })
            {
                cancel.ThrowIfCancellationRequested();
                chip.DriftTo(time);
                done(age, Spearman());
                chip.RecalibrateOutputs(rows, (network, batch) => network.Embed(batch.Tokens, batch.Attended), RecalibrationOrder.Together);
                done($"{age}-recalibrated", Spearman());
                if (AdapterSteps > 0)
                {
                    using var adapters = Encoder.Network.AddAdapters(Rank, 2 * Rank, Seed);
                    Learn(adapters, own, teacher);
                    done($"{age}-adapters", Spearman());
                }
                chip.OutputCorrections = new Dictionary<string, OutputCorrection>();
            }
        }
    }

    /// <summary>Spearman's correlation of cosines and scores; ranks of ties are their mean.</summary>
    public double Spearman()
    {
        using var scope = NewDisposeScope();
        var (first, second) = (Encoder.Encode([.. Pairs.Select(pair => pair.First)]), Encoder.Encode([.. Pairs.Select(pair => pair.Second)]));
        double[] cosines = [.. (first * second).sum(1L).data<float>().Select(cosine => (double)cosine)];
        return Correlation(Ranks(cosines), Ranks([.. Pairs.Select(pair => pair.Score)]));
    }

    private List<(long[] Places, Tensor Tokens, Tensor? Attended)> Rows(IEnumerable<string> texts) =>
        [.. Encoder.Batches([.. texts.Select(Encoder.Tokens)])];

    /// <summary>Batches of sentences, and the vectors that the digital encoder has for their tokens.</summary>
    private (List<(long[] Places, Tensor Tokens, Tensor? Attended)> Batches, List<Tensor> Vectors) Lesson()
    {
        using var noGrad = no_grad();
        var texts = Others.Skip(RecalibrationTexts).Take(AdapterSteps * TextsOfStep).ToArray();
        List<(long[], Tensor, Tensor?)> batches = [.. texts.Chunk(TextsOfStep).SelectMany(Rows)];
        return (batches, [.. batches.Select(batch => Encoder.Network.Embed(batch.Item2, batch.Item3))]);
    }

    private void Learn(Adapters adapters, List<(long[] Places, Tensor Tokens, Tensor? Attended)> batches, List<Tensor> teacher)
    {
        using var optimizer = optim.AdamW(adapters.Parameters, 1e-3, weight_decay: 0);
        for (var step = 0; step < batches.Count; step++)
        {
            using var scope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = 1e-3 * (0.05 + 0.475 * (1 + Math.Cos(Math.PI * step / batches.Count)));
            optimizer.zero_grad();
            // 1 − cosine, both of length 1.
            (Encoder.Network.Embed(batches[step].Tokens, batches[step].Attended) - teacher[step]).square().sum(1L).mean().backward();
            optimizer.step();
        }
    }

    private static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (var first = 0; first < order.Length;)
        {
            var last = first;
            while (last + 1 < order.Length && values[order[last + 1]] == values[order[first]])
                last++;
            for (var i = first; i <= last; i++)
                ranks[order[i]] = (first + last) / 2.0;
            first = last + 1;
        }
        return ranks;
    }

    private static double Correlation(double[] a, double[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        var (covariance, varianceA, varianceB) = (0.0, 0.0, 0.0);
        foreach (var (x, y) in a.Zip(b))
        {
            covariance += (x - meanA) * (y - meanB);
            varianceA += (x - meanA) * (x - meanA);
            varianceB += (y - meanB) * (y - meanB);
        }
        return covariance / Math.Sqrt(varianceA * varianceB);
    }
}

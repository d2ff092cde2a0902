using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Lstm;

/// <summary>Trains a language model, with the hardware's noise or without, programs it, and lets it drift for a day.</summary>
internal sealed record LstmTask : TrainingTask
{
    /// <summary>The ways to train.</summary>
    public const string Plain = "plain", Aware = "hwa";

    private const int Columns = 20;

    /// <summary>The hardware that weights are programmed into; embedding and last layer stay digital, as on the published chips.</summary>
    public static IReadOnlyList<(string Name, InferenceConfig Hardware, double Time)> Deployments { get; } =
    [
        // 3 % of each output's largest weight on every weight, and nothing else.
        ("error-3-percent", new InferenceConfig { Memory = new GaussianMemory { GMin = 10 * Units.uS, GMax = 20 * Units.uS, Deviation = 0.03 / Math.Sqrt(2) * 10 * Units.uS } }, 0),
        ("exact-reads", PcmPresets.FourPhaseInference with { Forward = new AnalogPath() }, 0),
        ("programmed", PcmPresets.FourPhaseInference, 0),
        ("day", PcmPresets.FourPhaseInference, Units.Day),
    ];

    /// <summary>Name of the text: alice, shakespeare, ptb; or characters or words that the program makes up.</summary>
    public string Text { get; init; } = "";

    /// <summary>Folder of data sets; null where the program makes the text.</summary>
    public string? Data { get; init; }

    /// <summary>Seed of a text that the program makes.</summary>
    public long DataSeed { get; init; }

    /// <summary>Sentences of such a text.</summary>
    public int Sentences { get; init; }

    /// <summary>Width of embedding and layers.</summary>
    public int Hidden { get; init; }

    /// <summary>Passes with the hardware's noise, after those without.</summary>
    public int AwareEpochs { get; init; }

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; }

    /// <summary>Whether the tokens are words.</summary>
    public bool OfWords => Text is "ptb" or "words";

    /// <summary>The text.</summary>
    public TextCorpus Load() => Text switch
    {
        "alice" => TextCorpus.Alice(DataFolder.Open(Data!)),
        "shakespeare" => TextCorpus.Shakespeare(DataFolder.Open(Data!)),
        "ptb" => TextCorpus.PennTreebank(DataFolder.Open(Data!)),
        "words" => TextCorpus.GeneratedWords(Sentences, DataSeed),
        _ => TextCorpus.GeneratedCharacters(Sentences, DataSeed),
    };

    /// <inheritdoc/>
    public override TrainingResult Run(ITrainingProgress progress)
    {
        var corpus = Load();
        random.manual_seed(Seed);
        using LanguageModel model = OfWords ? new WordLstm(corpus.Vocabulary.Count, Hidden, Hidden, seed: Seed) : new CharLstm(corpus.Vocabulary.Count, Hidden, seed: Seed);
        var (train, test) = (TextCorpus.Columns(corpus.Train, Columns), TextCorpus.Columns(corpus.Test, Columns));
        var digitalRule = LayerRule.Digital("decoder");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        progress.Begin();
        Train(model, train, Epochs - (Way == Aware ? AwareEpochs : 0), 2e-3, progress);
        if (Way == Aware)
        {
            model.ToAnalog(PcmPresets.HardwareAwareForInference, Seed, digitalRule);
            Train(model, train, AwareEpochs, 1e-3, progress);
            model.ToDigital();
        }
        var (digital, right) = Test(model, test);
        var errors = new Dictionary<string, double>();
        var losses = Deployments.ToDictionary(deployment => deployment.Name, deployment => Enumerable.Range(0, Chips).Select(number =>
        {
            using var scope = NewDisposeScope();
            using var chip = model.Program(deployment.Hardware, 1000 * Seed + number, digitalRule);
            errors[deployment.Name] = chip.Report.RmsError;
            chip.DriftTo(deployment.Time);
            return Test(model, test).CrossEntropy;
        }).ToArray());
        progress.End();
        return new LstmResult(Way, Seed, [right], clock.Elapsed.TotalSeconds, digital, losses, errors);
    }

    private void Train(LanguageModel model, Tensor text, int epochs, double rate, ITrainingProgress progress)
    {
        var steps = OfWords ? 35 : 50;
        using var optimizer = optim.Adam(model.parameters(), rate);
        model.train();
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = rate * (0.05 + 0.475 * (1 + Math.Cos(Math.PI * epoch / epochs)));
            LstmState? state = null;
            var number = 0;
            for (var start = 0L; start + 1 < text.shape[0]; start += steps)
            {
                using var scope = NewDisposeScope();
                var length = Math.Min(steps, text.shape[0] - 1 - start);
                optimizer.zero_grad();
                var (scores, next) = model.Continue(text.narrow(0, start, length), state);
                var loss = functional.cross_entropy(scores.flatten(0, 1), text.narrow(0, start + 1, length).flatten());
                loss.backward();
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1);
                optimizer.step();
                state?.Dispose();
                var kept = next.Detach();
                state = new(kept.Hidden.DetachFromDisposeScope(), kept.Cell.DetachFromDisposeScope());
                progress.Advance(length * text.shape[1], number++ % 16 == 0 ? loss.item<float>() : double.NaN);
            }
            state?.Dispose();
        }
        model.eval();
    }

    /// <summary>Mean cross-entropy (nats per token) over a text that is read on and on, and the share of tokens that were foretold.</summary>
    private static (double CrossEntropy, double Right) Test(LanguageModel model, Tensor text)
    {
        const long steps = 100;
        using var noGrad = no_grad();
        model.eval();
        var (sum, right, count) = (0.0, 0L, 0L);
        LstmState? state = null;
        for (var start = 0L; start + 1 < text.shape[0]; start += steps)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(steps, text.shape[0] - 1 - start);
            var (scores, next) = model.Continue(text.narrow(0, start, length), state);
            var (rows, target) = (scores.flatten(0, 1), text.narrow(0, start + 1, length).flatten());
            sum += functional.cross_entropy(rows, target, reduction: Reduction.Sum).item<float>();
            right += rows.argmax(1).eq(target).sum().item<long>();
            count += target.NumberOfElements;
            state?.Dispose();
            state = new(next.Hidden.DetachFromDisposeScope(), next.Cell.DetachFromDisposeScope());
        }
        state?.Dispose();
        return (sum / count, (double)right / count);
    }
}

/// <summary>What one language model gave.</summary>
/// <param name="Way">Whether it was trained aware of the hardware.</param>
/// <param name="Seed">Seed of the training.</param>
/// <param name="Accuracy">Share of test tokens that it foretold digitally.</param>
/// <param name="Seconds">Time of the training and all tests.</param>
/// <param name="CrossEntropy">Digital cross-entropy of the test text (nats per token).</param>
/// <param name="Deployed">That of each chip, by deployment.</param>
/// <param name="RmsErrors">Root mean square of the programming errors of the last chip, relative to the largest weight of each output, by deployment.</param>
internal sealed record LstmResult(string Way, long Seed, double[] Accuracy, double Seconds, double CrossEntropy, Dictionary<string, double[]> Deployed, Dictionary<string, double> RmsErrors)
    : TrainingResult(Way, Seed, Accuracy, Seconds);

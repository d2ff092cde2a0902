using AnalogTorch.Core;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Models.Networks;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Language;

/// <summary>A decoder on phase-change memory at several ages, as it is and with what can be done for it.</summary>
/// <param name="Model">The trained decoder; its weights are those of the last treatment when all is done.</param>
/// <param name="Own">Text that the decoder wrote itself, to learn from, int64 [texts, tokens].</param>
/// <param name="HeldOut">More of it, to be tested on.</param>
internal sealed record DecoderStudy(LlamaDecoder Model, Tensor Own, Tensor HeldOut)
{
    private const int Rank = 4;
    private const double Norm = 1;

    /// <summary>The ages: what they are called, and seconds after programming.</summary>
    public static IReadOnlyList<(string Name, double Time)> Ages { get; } = [("programmed", 1), ("day", Units.Day), ("year", Units.Year)];

    /// <summary>The hardware that the decoder is programmed into.</summary>
    public static InferenceConfig Hardware { get; } = PcmPresets.Inference;

    /// <summary>The hardware that it meets while it learns from itself: noise for each output, few large weights.</summary>
    public static HardwareAwareConfig Awareness { get; } = PcmPresets.HardwareAwareForInference with
    {
        Clip = new OutputClip { Deviations = 3 },
        WeightNoise = new PerOutputWeightNoise { Deviation = 0.05 }
    };

    /// <summary>The last layer stays digital, as the embedding does that may be its weight.</summary>
    public static LayerRule Head { get; } = LayerRule.Digital("lm_head");

    /// <summary>Chips, each with devices of its own.</summary>
    public int Chips { get; init; } = 3;

    /// <summary>Steps of the distillation.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>Steps of the adapters.</summary>
    public int AdapterSteps { get; init; } = 100;

    /// <summary>Texts of a step.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Learning rate of the distillation.</summary>
    public double Rate { get; init; } = 1e-3;

    /// <summary>Texts on which outputs are recalibrated.</summary>
    public int RecalibrationTexts { get; init; } = 16;

    /// <summary>Seed of chips and learning.</summary>
    public long Seed { get; init; }

    /// <summary>Runs all of it.</summary>
    /// <param name="say">Told what is being done.</param>
    /// <param name="cancel">Ends it between two steps.</param>
    /// <returns>What each deployment gave, the digital decoder first; and texts.</returns>
    public (IReadOnlyList<Deployed> Rows, IReadOnlyList<(string Name, Tensor Tokens)> Texts) Run(Action<string> say, CancellationToken cancel)
    {
        var (rows, texts) = (new List<Deployed>(), new List<(string, Tensor)>());
        Model.eval();
        var digital = Measure(null);
        rows.Add(new("digital", [digital]));
        texts.Add(("digital", Write()));
        var teacher = Answers();
        Deploy("", "as it is");
        say("digital adapters beside the chip, a day old");
        rows.Add(Adapted(teacher, digital.Likeliest, cancel));
        say("distillation from itself, aware of the hardware");
        Distil(teacher, cancel);
        rows.Add(new("hwa", [Measure(digital.Likeliest)]));
        Deploy("hwa-", "distilled");
        return (rows, texts);

        void Deploy(string prefix, string what)
        {
            var results = new Dictionary<string, List<Measured>>();
            for (var number = 0; number < Chips; number++)
            {
                cancel.ThrowIfCancellationRequested();
                say($"{what}: chip {number + 1} of {Chips}");
                using var chip = Model.Program(Hardware, 1000 * Seed + number, Head);
                foreach (var (age, time) in Ages)
                {
                    chip.DriftTo(time);
                    Add(prefix + age);
                    if (number == 0 && age != "programmed")
                        texts.Add((prefix + age, Write()));
                    if (age == "programmed")
                        continue;
                    Recalibrate(chip);
                    Add($"{prefix}{age}-recalibrated");
                    chip.OutputCorrections = new Dictionary<string, OutputCorrection>();
                }
            }
            rows.AddRange(results.Select(entry => new Deployed(entry.Key, [.. entry.Value])));

            void Add(string name)
            {
                if (!results.TryGetValue(name, out var list))
                    results.Add(name, list = []);
                list.Add(Measure(digital.Likeliest));
            }
        }
    }

    /// <summary>The loss of the held-out text if a single matrix is on a chip, a day old.</summary>
    public IReadOnlyList<(string Name, double CrossEntropy)> Sensitivities(int texts, CancellationToken cancel)
    {
        var (results, some) = (new List<(string, double)>(), this with { HeldOut = HeldOut.narrow(0, 0, Math.Min(texts, HeldOut.shape[0])) });
        foreach (var row in Model.PlanAnalog(Hardware, Head).Rows.Where(row => row.IsAnalog))
        {
            cancel.ThrowIfCancellationRequested();
            using var chip = Model.Program(Hardware, 1000 * Seed, LayerRule.Named(row.Name, Hardware), LayerRule.Digital("*"));
            chip.DriftTo(Units.Day);
            results.Add((row.Name, some.Measure(null).CrossEntropy));
        }
        return results;
    }

    /// <summary>Mean loss (nats per token) of the held-out text, and how often the likeliest token is that of another model.</summary>
    /// <param name="others">What that holds for likeliest; null for nothing to compare.</param>
    public Measured Measure(Tensor? others)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Model.eval();
        var (sum, count, likeliest) = (0.0, 0L, new List<Tensor>());
        foreach (var part in HeldOut.split(Batch))
        {
            using var inner = NewDisposeScope();
            var (scores, targets) = (Model.call(part[.., ..^1]), part[.., 1..]);
            sum += functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction: Reduction.Sum).item<float>();
            count += targets.NumberOfElements;
            likeliest.Add(scores.argmax(-1).MoveToOuterDisposeScope());
        }
        var all = cat(likeliest);
        return new(sum / count, others is null ? 1 : all.eq(others).to_type(ScalarType.Float32).mean().item<float>(), all.DetachFromDisposeScope());
    }

    private Tensor Write() => Model.Generate(HeldOut[..1, ..1], (int)Math.Min(HeldOut.shape[1], Model.Config.Positions - 1));

    private void Recalibrate(ProgrammedModel<LlamaDecoder> chip) =>
        chip.RecalibrateOutputs(Own.narrow(0, 0, Math.Min(RecalibrationTexts, Own.shape[0]))[.., ..^1].split(Batch), (model, part) =>
            model.call(part), RecalibrationOrder.Together);

    /// <summary>What the digital decoder says of its own text, float32 [texts, tokens, vocabulary].</summary>
    private Tensor Answers()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return cat([.. Own.split(Batch).Select(part => Model.call(part[.., ..^1]))]).MoveToOuterDisposeScope();
    }

    /// <summary>Adapters that learn beside a chip of a day.</summary>
    private Deployed Adapted(Tensor teacher, Tensor likeliest, CancellationToken cancel)
    {
        using var chip = Model.Program(Hardware, 1000 * Seed, Head);
        chip.DriftTo(Units.Day);
        using var adapters = Model.AddAdapters(Rank, 2 * Rank, Seed, "model.*");
        using (var optimizer = optim.AdamW(adapters.Parameters, 3e-3, weight_decay: 0))
            Learn(optimizer, adapters.Parameters, AdapterSteps, 3e-3, teacher, cancel);
        return new("day-adapters", [Measure(likeliest)]);
    }

    private void Distil(Tensor teacher, CancellationToken cancel)
    {
        Model.ToAnalog(Awareness, Seed, Head);
        Model.train();
        using (var optimizer = optim.AdamW(Model.parameters(), Rate, weight_decay: 0.01))
            Learn(optimizer, [.. Model.parameters()], Steps, Rate, teacher, cancel);
        Model.ToDigital();
        Model.eval();
    }

    private void Learn(optim.Optimizer optimizer, IReadOnlyList<TorchSharp.Modules.Parameter> parameters, int steps, double rate, Tensor teacher,
        CancellationToken cancel)
    {
        var rng = Rng.FromSeed(Seed).Split("order");
        for (var step = 0; step < steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = rate * Math.Min(1, (step + 1) / 20.0) * (0.05 + 0.475 * (1 + Math.Cos(Math.PI * step / steps)));
            using var places = tensor(Enumerable.Range(0, Batch).Select(i => (long)(rng.Split(step).Split(i).Key % (ulong)Own.shape[0])).ToArray());
            optimizer.zero_grad();
            var loss = Teacher.Loss(Model.call(Own.index_select(0, places)[.., ..^1]), teacher.index_select(0, places), temperature: 1);
            loss.backward();
            torch.nn.utils.clip_grad_norm_(parameters, Norm);
            optimizer.step();
        }
    }
}

/// <summary>What a decoder did on held-out text.</summary>
/// <param name="CrossEntropy">Nats per token.</param>
/// <param name="Agreement">Share of tokens for which the likeliest is that of the digital decoder.</param>
/// <param name="Likeliest">The likeliest tokens [texts, tokens].</param>
internal sealed record Measured(double CrossEntropy, double Agreement, Tensor Likeliest);

/// <summary>A deployment on some chips.</summary>
/// <param name="Name">What it is called in figures.</param>
/// <param name="Results">What it gave, chip by chip.</param>
internal sealed record Deployed(string Name, IReadOnlyList<Measured> Results)
{
    /// <summary>Mean loss.</summary>
    public double CrossEntropy => Results.Average(result => result.CrossEntropy);

    /// <summary>Its deviation from chip to chip; 0 for one.</summary>
    public double Deviation => Numbers.Deviation([.. Results.Select(result => result.CrossEntropy)]);

    /// <summary>Mean agreement with the digital decoder.</summary>
    public double Agreement => Results.Average(result => result.Agreement);
}

using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Inference;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Text;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Language;

/// <summary>Language models on phase-change memory: a decoder that learns from itself, and a sentence encoder.</summary>
internal sealed class LanguageExample : Example
{
    private const string Decoder = "decoder", Sentences = "sentences", Both = "both";

    private readonly Option<string> part = Cli.Choice("--part",
        "What to run with --data: the decoder stories260K, the sentence encoder all-MiniLM-L6-v2, or both", [Both, Decoder, Sentences]);
    private readonly Option<int?> chips = Cli.Optional("--chips", "Chips per deployment", "what suits the run", 1, 1000);
    private readonly Option<int?> steps = Cli.Optional("--steps", "Steps of the distillation", "what suits the model", 0, 100_000);
    private readonly Option<int?> pairs = Cli.Optional("--pairs", "Pairs of sentences of STS-B", "all", 10, 100_000);
    private readonly Option<int?> adapterSteps = Cli.Optional("--adapter-steps", "Steps of the adapters of the sentence encoder", "none", 0, 10_000);

    public override string Name => "language";

    public override string Description =>
        "Program a small Llama into phase-change memory, as it is and distilled from itself, and look at it after a second, a day, a year.";

    public override IReadOnlyList<Option> Options => [part, chips, steps, pairs, adapterSteps];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        using var scope = NewDisposeScope();
        set_num_threads(Math.Max(1, Environment.ProcessorCount / 2));
        var which = run.Data is null ? Decoder : arguments.GetValue(part)!;
        run.Config = new JsonObject
        {
            ["inference"] = JsonNode.Parse(ConfigJson.Write(DecoderStudy.Hardware)),
            ["training"] = JsonNode.Parse(ConfigJson.Write(DecoderStudy.Awareness)),
        };
        if (which is Decoder or Both)
            RunDecoder(run, arguments);
        if (which is Sentences or Both)
            RunSentences(run, arguments);
        run.ReportConfig();
    }

    private void RunDecoder(ExampleRun run, ParseResult arguments)
    {
        var quick = run.Options.Quick;
        var (model, own, heldOut, text) = run.Data is { } data ? Stories(data, quick) : Trained(run);
        using (model)
        {
            var study = new DecoderStudy(model, own, heldOut)
            {
                Seed = run.Options.Seed,
                Chips = arguments.GetValue(chips) ?? (quick ? 1 : 3),
                Steps = arguments.GetValue(steps) ?? (quick ? 8 : run.Data is null ? 300 : 200),
                AdapterSteps = quick ? 4 : 60,
                Batch = quick ? 8 : 16,
                Rate = run.Data is null ? 2e-3 : 5e-4,
            };
            run.Console.WriteLine($"Decoder of {model.parameters().Sum(parameter => parameter.NumberOfElements):N0} parameters, {own.shape[0]} texts of its own to learn from, {heldOut.shape[0]} held out.");
            var sensitivities = study.Sensitivities(quick ? 4 : 24, run.Cancel);
            var (rows, texts) = study.Run(what => run.Console.WriteLine(what + "…"), run.Cancel);
            var (chip, gpu) = Costs(model, heldOut);
            DecoderReport.Show(run, rows, sensitivities, [.. texts.Select(entry => (entry.Name, text(entry.Tokens)))], chip, gpu);
        }
    }

    private void RunSentences(ExampleRun run, ParseResult arguments)
    {
        var (data, quick) = (run.Data!, run.Options.Quick);
        using var encoder = SentenceEncoder.Load(data.Find("weights", "all-minilm-l6-v2.safetensors"), data.Find("weights",
            "all-minilm-l6-v2.vocab.txt"), BertConfig.MiniLm);
        var all = SentenceStudy.Read(data.Find("text", "sts-b-test.tsv"));
        var others = File.ReadLines(data.Find("text", "ptb.train.txt")).Select(line => line.Trim()).Where(line =>
            line.Length > 20).Take(20_000).ToArray();
        var study = new SentenceStudy(encoder, [.. all.Take(arguments.GetValue(pairs) ?? (quick ? 40 : all.Count))], others)
        {
            Seed = run.Options.Seed,
            Chips = arguments.GetValue(chips) ?? (quick ? 1 : 3),
            RecalibrationTexts = quick ? 16 : 128,
            AdapterSteps = arguments.GetValue(adapterSteps) ?? 0,
        };
        var results = new Dictionary<string, List<double>>();
        study.Run(
            (name, value) =>
            {
                if (!results.TryGetValue(name, out var list))
                    results.Add(name, list = []);
                list.Add(value);
                run.Console.WriteLine($"{name}: Spearman {Numbers.Text(value, "F4")} after {TimeAxis.Text(Math.Round(run.Seconds))}");
            },
            what => run.Console.WriteLine(what + "…"), run.Cancel);
        SentenceReport.Show(run, results);
    }

    /// <summary>A decoder that is trained here on text that the program makes up, and text that it then writes.</summary>
    private static (LlamaDecoder Model, Tensor Own, Tensor HeldOut, Func<Tensor, string> Text) Trained(ExampleRun run)
    {
        var (quick, seed) = (run.Options.Quick, run.Options.Seed);
        var corpus = TextCorpus.GeneratedCharacters(quick ? 400 : 4_000, seed);
        var length = quick ? 32 : 64;
        var model = new LlamaDecoder(new()
        {
            Vocabulary = corpus.Vocabulary.Count,
            Width = quick ? 32 : 64,
            Inner = quick ? 80 : 172,
            Layers = quick
            ? 2 : 4,
            Heads = 8,
            KeyValueHeads = 4,
            Positions = 256
        }, seed);
        var rng = Rng.FromSeed(seed).Split("segments");
        var (steps, batch) = (quick ? 60 : 500, 32);
        run.Console.WriteLine($"Training on {corpus.Name}: {steps} steps of {batch} × {length} characters…");
        var tokens = tensor(corpus.Train.ToArray());
        using (var optimizer = optim.AdamW(model.parameters(), 4e-3, weight_decay: 0.01))
        {
            model.train();
            for (var step = 0; step < steps; step++)
            {
                run.Cancel.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                foreach (var group in optimizer.ParamGroups)
                    group.LearningRate = 4e-3 * Math.Min(1, (step + 1) / 30.0) * (0.03 + 0.485 * (1 + Math.Cos(Math.PI * step / steps)));
                var segments = stack([.. Enumerable.Range(0, batch).Select(i => tokens.narrow(0,
                    (long)(rng.Split(step).Split(i).Key % (ulong)(tokens.shape[0] - length - 1)), length + 1))]);
                optimizer.zero_grad();
                functional.cross_entropy(model.call(segments[.., ..^1]).flatten(0, 1), segments[.., 1..].flatten()).backward();
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1);
                optimizer.step();
            }
            model.eval();
        }
        var (count, held) = (quick ? 48 : 320, quick ? 16 : 64);
        var written = model.Generate(tokens[..count].unsqueeze(1), length, temperature: 1, seed);
        return (model, written[..(count - held)], written[(count - held)..], ids => string.Concat(ids.flatten().data<long>().Select(id =>
            corpus.Vocabulary[(int)id])));
    }

    /// <summary>stories260K, and the text that it wrote itself.</summary>
    private static (LlamaDecoder Model, Tensor Own, Tensor HeldOut, Func<Tensor, string> Text) Stories(DataFolder data, bool quick)
    {
        var model = LlamaDecoder.Load(data.Find("weights", "stories260k.safetensors"));
        var tokenizer = TokenFiles.Llama(data.Find("weights", "tok512.bin"), model.Config);
        using var file = JsonDocument.Parse(File.ReadAllText(data.Find("text", "stories260k-selfgen.json")));
        long[][] rows = [.. file.RootElement.GetProperty("tokens").EnumerateArray().Select(row => row.EnumerateArray().Select(id =>
            id.GetInt64()).ToArray())];
        var training = file.RootElement.GetProperty("train").GetInt32();
        var all = tensor(rows.SelectMany(row => row).ToArray()).view(rows.Length, -1);
        var own = quick ? all[..16, ..33] : all[..training];
        return (model, own, quick ? all[training..(training + 8), ..33] : all[training..], ids =>
            tokenizer.Decode(ids.flatten().data<long>().Select(id => (int)id)) ?? "");
    }

    /// <summary>Joules and seconds a token on tiles of phase-change memory, and on a GPU.</summary>
    private static (CostReport Chip, CostReport Gpu) Costs(LlamaDecoder model, Tensor heldOut)
    {
        using var chip = model.Program(DecoderStudy.Hardware, 0, DecoderStudy.Head);
        var tokens = heldOut[.., ..^1].narrow(0, 0, 1);
        var count = tokens.NumberOfElements; // each token is a sample
        var census = model.TakeCensus(count, () => model.call(tokens));
        return (new HermesCore().Of(census), new Gpu().Of(census));
    }
}

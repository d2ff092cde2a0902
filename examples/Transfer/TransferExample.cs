using System.CommandLine;
using System.Text.Json.Nodes;
using AnalogTorch.Core;
using AnalogTorch.Models.Data;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Presets;
using Spectre.Console;
using TorchSharp;

namespace AnalogTorch.Examples.Transfer;

/// <summary>ImageNet features, a new last layer in analog memory; or the whole network fine-tuned for the hardware and programmed.</summary>
internal sealed class TransferExample : Example
{
    private const string Head = "head", FineTune = "finetune", InMemory = "inmemory";
    private const string DefaultBackbone = "squeezenet1_1";

    private static readonly string[] Backbones =
        [DefaultBackbone, .. Zoo.All.Where(architecture => architecture.Image is not null && architecture.Name != DefaultBackbone).Select(architecture => architecture.Name)];

    private readonly Option<string> target = Cli.Choice("--target", "What to classify; with --data cifar10 unless named", [.. TransferSource.Drawn, .. TransferSource.OfFiles]);
    private readonly Option<string> backbone = Cli.Choice("--backbone", "Network whose features are used (with --data)", Backbones);
    private readonly Option<string?> weights = Cli.File("--weights", "Its weights: .pth, .safetensors or .onnx (default: the file of its name in weights/ of --data)");
    private readonly Option<IReadOnlyList<string>> modes = Cli.Choices(
        "--mode", "Train a new last layer on frozen features, in memory and digitally; fine-tune the whole network for the hardware and program it; train the whole network in memory (default head,finetune; with --data head)",
        [Head, FineTune], Head, FineTune, InMemory);
    private readonly Option<int?> epochs = Cli.Optional("--epochs", "Passes over the features", "what suits the run", 1, 10_000);
    private readonly Option<int?> fineTuneEpochs = Cli.Optional("--finetune-epochs", "Passes over the images when the whole network is trained", "what suits the run", 1, 10_000);
    private readonly Option<int?> images = Cli.Optional("--images", "Training images", "what suits the data", 1, 1_000_000);
    private readonly Option<int?> testImages = Cli.Optional("--test-images", "Test images", "what suits the data", 1, 1_000_000);
    private readonly Option<int?> side = Cli.Optional("--side", "Height and width in pixels to which images are resized", "those of the backbone", 1, 4096);
    private readonly Option<int> pool = Cli.Integer("--pool", "Parts of the image, in each direction, over which features are averaged", 1, 1, 64);
    private readonly Option<int?> batch = Cli.Optional("--batch", "Examples of a step", "what suits the mode", 1, 100_000);
    private readonly Option<double> rate = Cli.Number("--rate", "Factor on the learning rates", 1, 0, 1000);
    private readonly Option<int?> chips = Cli.Optional("--chips", "Chips, each with devices of its own, per training", "what suits the run", 1, 1000);
    private readonly Option<int?> chipImages = Cli.Optional("--chip-images", "Test images that each chip is tested with", "all", 1, 1_000_000);
    private readonly Option<string?> cache = Cli.Folder("--cache", "Where features are kept (default cache/ in the output folder)");

    public override string Name => "transfer";

    public override string Description => "Transfer learning: features of a pretrained network, a new last layer in analog memory, or the whole network fine-tuned for it.";

    public override IReadOnlyList<Option> Options => [target, backbone, weights, modes, epochs, fineTuneEpochs, images, testImages, side, pool, batch, rate, chips, chipImages, cache];

    public override void Run(ExampleRun run, ParseResult arguments)
    {
        // A large backbone takes hours to fine-tune on a processor: only if asked for.
        var chosen = run.Data is not null && arguments.GetResult(modes) is null or { Implicit: true } ? [Head] : arguments.GetValue(modes)!;
        var (quick, seed) = (run.Options.Quick, run.Options.Seed);
        var cacheFolder = Path.GetFullPath(arguments.GetValue(cache) ?? Path.Combine(run.Options.Output, "cache"));
        using var scope = torch.NewDisposeScope();
        var source = Source(run, arguments, cacheFolder);
        var (train, test) = source.Load(); // says what is wrong with the data before anything starts
        var headEpochs = arguments.GetValue(epochs) ?? (quick ? 5 : 20);
        var headTask = new HeadTask { Epochs = headEpochs, BatchSize = Suits(batch, 16), RateFactor = arguments.GetValue(rate) };
        var fineTask = new FineTuneTask
        {
            Source = source,
            Epochs = Suits(fineTuneEpochs, quick ? 1 : run.Data is null ? 8 : 2),
            HeadEpochs = Math.Min(headEpochs, 5),
            BatchSize = Suits(batch, 32),
            RateFactor = arguments.GetValue(rate),
            Chips = Suits(chips, quick ? 1 : 3),
            ChipImages = arguments.GetValue(chipImages) ?? 0,
        };
        run.Config = Describe(source, chosen, headTask, fineTask, train, test);
        run.Console.WriteLine($"{train.Name}: {train.Count:N0} training and {test.Count:N0} test images, {source.Name} at {source.Side}×{source.Side} pixels, {SideBySide.Count(run.Options.Seeds, "seed")}.");

        if (!File.Exists(source.Weights))
            Pretrain(run, source, quick);
        var (trainFile, testFile) = Features(run, source, train, test, cacheFolder);
        headTask = headTask with { Train = trainFile, Test = testFile };
        fineTask = fineTask with { Train = trainFile, Test = testFile };
        var (trainings, failure) = (new List<TransferResult>(), (Exception?)null);
        if (chosen.Contains(Head))
            Train(headTask, [.. TransferWay.Heads.Select(way => way.Name)]);
        if (chosen.Contains(FineTune))
            Train(fineTask, [TransferWay.Plain.Name, TransferWay.Aware.Name]);
        if (chosen.Contains(InMemory))
            Train(fineTask, [TransferWay.InMemory.Name]);
        TransferReport.Write(run, trainings, test.Count);
        run.Cancel.ThrowIfCancellationRequested();
        if (failure is not null)
            throw failure; // after the trainings that did succeed were written down

        int Suits(Option<int?> option, int otherwise) => arguments.GetValue(option) ?? otherwise;

        void Train<TTask>(TTask task, string[] ways) where TTask : TrainingTask
        {
            if (failure is not null || run.Cancel.IsCancellationRequested)
                return;
            (var results, failure) = SideBySide.Train<TTask, TransferResult>(run, task, train.Count, ways, each => each);
            trainings.AddRange(results);
        }
    }

    private TransferSource Source(ExampleRun run, ParseResult arguments, string cacheFolder)
    {
        var given = arguments.GetResult(target) is { Implicit: false };
        var named = given || run.Data is null ? arguments.GetValue(target)! : TransferSource.Cifar10;
        if (run.Data is null && TransferSource.OfFiles.Contains(named))
            throw new UsageException($"--target {named} needs --data DIR, a folder that holds its files; leave --target out for images that the program draws.");
        var file = arguments.GetValue(weights);
        var pretrained = run.Data is not null || file is not null;
        if (!pretrained && arguments.GetResult(backbone) is { Implicit: false })
            throw new UsageException("--backbone needs weights: name a folder that holds them by --data DIR, or their file by --weights FILE; leave --backbone out for a small network that is trained here.");
        var architecture = pretrained ? arguments.GetValue(backbone)! : PretrainTask.Architecture;
        if (run.Data is not null && file is null)
        {
            Fetch(run, named, architecture);
            file = PretrainedWeights.Find(run.Data, architecture);
        }
        var quick = run.Options.Quick;
        var hundred = named == TransferSource.Patterns100;
        var drawn = TransferSource.Drawn.Contains(named);
        int Count(Option<int?> option, int some, int few) => arguments.GetValue(option) ?? (quick ? few : drawn ? some : 0);
        return new()
        {
            Data = run.Data?.Path,
            Target = named,
            Architecture = architecture,
            Weights = file ?? Path.Combine(cacheFolder, $"{architecture}-patterns-{(quick ? "quick-" : "")}{run.Options.Seed}.safetensors"),
            Side = arguments.GetValue(side) ?? Zoo.Find(architecture).Image!.Side,
            Pool = arguments.GetValue(pool),
            Images = Count(images, hundred ? 10_000 : 4_000, hundred ? 1_000 : 500),
            TestImages = Count(testImages, hundred ? 5_000 : 2_000, hundred ? 500 : 300),
            DataSeed = run.Options.Seed,
        };
    }

    /// <summary>Fetches the target's images and the backbone's weights if the user asked for it.</summary>
    private static void Fetch(ExampleRun run, string target, string architecture)
    {
        if (!run.Options.Download)
            return;
        if (target == TransferSource.Cifar10)
            Downloads.Run(run.Console, run.Cancel, (downloader, progress, cancel) => Cifar.Download10Async(run.Data!, downloader, progress, cancel));
        if (target == TransferSource.Cifar100)
            Downloads.Run(run.Console, run.Cancel, (downloader, progress, cancel) => Cifar.Download100Async(run.Data!, downloader, progress, cancel));
        if (PretrainedWeights.Downloadable.Contains(architecture))
            Downloads.Run(run.Console, run.Cancel, (downloader, progress, cancel) => PretrainedWeights.DownloadAsync(run.Data!, architecture, downloader, progress, cancel));
    }

    /// <summary>Trains the backbone of a run without data.</summary>
    private static void Pretrain(ExampleRun run, TransferSource source, bool quick)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(source.Weights)!);
        var task = new PretrainTask
        {
            Way = "backbone",
            Seed = source.DataSeed,
            Epochs = quick ? 2 : 6,
            Images = quick ? 1_000 : 8_000,
            DataSeed = source.DataSeed,
            Weights = source.Weights,
        };
        run.Console.WriteLine($"No backbone yet: {PretrainTask.Architecture} is trained on 20 other classes first.");
        using var progress = new LiveProgress(run.Console, "images");
        using var worker = new TrainingProcess();
        worker.Run<TransferResult>(task, progress.Add(task.Way, task.Epochs, task.Images), run.Cancel);
    }

    /// <summary>Computes what the cache does not have, and returns the files of the training and the test set.</summary>
    private static (string Train, string Test) Features(ExampleRun run, TransferSource source, ImageSet train, ImageSet test, string folder)
    {
        using var network = source.Backbone();
        var features = new FeatureCache(folder);
        return run.Console.Progress().AutoClear(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => (Of(context, train, "training"), Of(context, test, "test")));

        string Of(ProgressContext context, ImageSet set, string what)
        {
            var bar = context.AddTask($"features of the {what} images", maxValue: set.Count);
            using var file = features.GetOrCompute(source.Name, network, set, source.Preprocessing, new Bar(bar), run.Cancel);
            return file.Path;
        }
    }

    private static JsonObject Describe(TransferSource source, IEnumerable<string> modes, HeadTask head, FineTuneTask fine, ImageSet train, ImageSet test)
    {
        var described = new JsonObject
        {
            ["target"] = train.Name,
            ["training_images"] = train.Count,
            ["test_images"] = test.Count,
            ["classes"] = train.Classes,
            ["backbone"] = source.Architecture,
            ["weights"] = Path.GetFileName(source.Weights),
            ["side"] = source.Side,
            ["pooled_parts"] = source.Pool * source.Pool,
            ["feature_scaling"] = "each feature less its mean, over three standard deviations, cut off at 1",
        };
        if (modes.Contains(Head))
        {
            described[Head] = new JsonObject
            {
                ["epochs"] = head.Epochs,
                ["batch_size"] = head.BatchSize,
                ["evaluations_averaged"] = TrainingResult.Averaged(head.Epochs),
                ["ways"] = Ways(TransferWay.Heads, head.RateFactor),
            };
        }
        if (modes.Contains(FineTune) || modes.Contains(InMemory))
        {
            described[FineTune] = new JsonObject
            {
                ["head_epochs"] = fine.HeadEpochs,
                ["epochs"] = fine.Epochs,
                ["batch_size"] = fine.BatchSize,
                ["chips"] = fine.Chips,
                ["chip_images"] = fine.ChipImages == 0 ? test.Count : Math.Min(fine.ChipImages, test.Count),
                ["learning_rate_factor_with_batch_norm"] = TransferWay.FactorWithBatchNorm,
                ["ways"] = Ways([TransferWay.Plain, TransferWay.Aware, TransferWay.InMemory], fine.RateFactor),
                ["inference"] = JsonNode.Parse(ConfigJson.Write(PcmPresets.Inference)),
            };
        }
        return described;
    }

    private static JsonObject Ways(IEnumerable<TransferWay> ways, double rateFactor) => new(ways.Select(way => KeyValuePair.Create(way.Name, (JsonNode?)new JsonObject
    {
        ["learning_rate"] = rateFactor * way.LearningRate,
        ["hardware"] = way.Hardware is null ? null : JsonNode.Parse(ConfigJson.Write(way.Hardware)),
    })));

    private sealed class Bar(ProgressTask task) : IProgress<FeatureProgress>
    {
        public void Report(FeatureProgress value) => task.Value = value.Done;
    }
}

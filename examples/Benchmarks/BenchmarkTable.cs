using AnalogTorch.Cells;
using AnalogTorch.Core;
using AnalogTorch.Examples.Transfer;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp.Modules;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The lines of the table, with the bounds that the project has set itself.</summary>
internal static class BenchmarkTable
{
    private const int Size = 512, Batch = 64;
    private const double RateOfOne = 0.01, RateOfOnePair = 0.003, RateOfBatch = 0.05; // as in the MNIST example, and as others take for batches of 64

    /// <summary>All lines, in order.</summary>
    public static IReadOnlyList<BenchmarkRow> Rows { get; } =
    [
        Update(0.4, 12, 5),
        Update(0.03, 6, 3),
        Update(0.003, 1.6, 1),
        Rule("rule-tt-v2", "Tiki-Taka version 2, a line transferred every 2 examples", 1.5, BenchmarkHardware.TikiTakaV2),
        Rule("rule-agad", "AGAD, a line transferred every 2 examples", 1.6, BenchmarkHardware.Agad),
        Rule("rule-mixed-precision", "mixed precision, transferred after every batch", 2, BenchmarkHardware.MixedPrecision),
        Duel("step-batch-1", "whole step, 512×512, batch 1, 0.003 coincidences ÷ digital step", 2, 1.3,
            bench => new StepContest(BenchmarkHardware.SoftBounds, Size, 1, 0.003, bench.Settings.Seed)),
        Epoch("epoch-soft-bounds-64", BenchmarkHardware.SoftBounds, Batch, RateOfBatch, 64, 15, 2, 1.3),
        Epoch("epoch-constant-step-64", BenchmarkHardware.ConstantStep, Batch, RateOfBatch, 64, 15, 2, 1.3),
        Epoch("epoch-soft-bounds-1", BenchmarkHardware.SoftBounds, 1, RateOfOne, 2000, 15, 1.5, 1.1),
        Epoch("epoch-constant-step-1", BenchmarkHardware.ConstantStep, 1, RateOfOne, 2000, 15, 1.5, 1.1),
        // Refreshed every 500 examples: 125 steps of 64 hold 16 refreshes, 2,000 steps of 1 hold 4.
        Epoch("epoch-pcm-pair-64", BenchmarkHardware.PcmPair, Batch, RateOfBatch, 125, 9, 4, 2),
        Epoch("epoch-pcm-pair-1", BenchmarkHardware.PcmPair, 1, RateOfOnePair, 2000, 9, 3, 1.5),
        // At least four transfers in 8,000 examples.
        Epoch("epoch-msp-lsp-1", BenchmarkHardware.MspLsp, 1, RateOfOne, 8000, 7, 3, 1.5),
        Duel("head-2048-100-64", "step of a last layer in memory, 2,048 features and bias → 100 classes, batch 64, MSP/LSP cell with its transfers ÷ digital step", 2, 1.3,
            bench => new HeadContest(PcmPresets.MspLsp, TransferWay.Digital.LearningRate, bench.Settings.Seed)),
        Duel("head-2048-100-64-between", "the same between two transfers ÷ digital step", 2, 1.3,
            bench => new HeadContest(PcmPresets.MspLsp with { Cell = (MspLspCell)PcmPresets.MspLsp.Cell with { TransferEvery = int.MaxValue, Trigger = new AtInterval() } }, TransferWay.Digital.LearningRate, bench.Settings.Seed)),
        Duel("forward-8-bit", "forward through 8-bit DAC, output noise, 8-bit ADC, 512×512, batch 64 ÷ digital forward", 1.3, 1.1,
            bench => new ReadContest(BenchmarkHardware.EightBitForward, Size, Batch, backward: false, bench.Settings.Seed)),
        Duel("forward-backward-8-bit", "forward and backward with converters and noise both ways, no update ÷ digital forward and backward", 1, 0.8,
            bench => new ReadContest(BenchmarkHardware.EightBitBothWays, Size, Batch, backward: true, bench.Settings.Seed)),
        Duel("hardware-aware", "hardware-aware step with a fresh weight-noise draw per batch, 512×512, batch 64 ÷ digital step", 1.5, 1.2,
            bench => new StepContest(HardwareAware.ConvertForTraining, Size, Batch, bench.Settings.Seed)),
        Twin("lstm", "LSTM, 200 units, 35 steps, batch 20: forward and backward with 8-bit converters and noise both ways, no update ÷ torch's LSTM", 1.4, 1.2,
            seed => TwinContest.Lstm(BenchmarkHardware.EightBitBothWays, StepPart.Gradients, null, seed)),
        Twin("lstm-hardware-aware", "the same, hardware-aware step with a fresh weight-noise draw per batch ÷ digital step", 1.6, 1.4,
            seed => TwinContest.Lstm(PcmPresets.HardwareAware, StepPart.Whole, null, seed)),
        Twin("lstm-update-0.003", "the same, whole step with pulsed update at 0.003 coincidences, soft bounds ÷ digital step", 3, 2,
            seed => TwinContest.Lstm(BenchmarkHardware.SoftBounds with { Forward = PcmPresets.EightBitPath, Backward = PcmPresets.EightBitPath }, StepPart.Whole, 0.003, seed)),
        Twin("conv-3x3", "3×3 convolution, 64 → 64 channels, 32×32, batch 16: forward and backward with 8-bit converters and noise both ways, no update ÷ digital", 1.5, 1.2,
            seed => TwinContest.Convolution(BenchmarkHardware.EightBitBothWays, StepPart.Gradients, null, seed)),
        Twin("conv-3x3-hardware-aware", "the same, hardware-aware step with a fresh weight-noise draw per batch ÷ digital step", 1.5, 1.2,
            seed => TwinContest.Convolution(PcmPresets.HardwareAware, StepPart.Whole, null, seed)),
        Duel("transformer-hardware-aware", "decoder of Llama's kind, 4 blocks of width 256, 16 texts of 64 tokens, hardware-aware step with weight noise, clipping and converters ÷ digital step, both AdamW", 1.6, 1.3,
            bench => new DecoderContest(bench.Settings.Seed)),
        Memory("constant-step", 20, 10),
        Memory("soft-bounds", 24, 12),
        Memory("pcm-pair", 32, 16),
        Memory("msp-lsp", 32, 16),
        Memory(MemoryTask.Inference, 12, 6),
        Duel("inference-mlp", "inference of 784-250-125-10 on 10,000 images, batch 1,000, DAC, noise and ADC on ÷ digital inference", 1.4, 1.1,
            bench => new InferenceContest(bench.Digits, HardwareAware.ConvertForInference, bench.Settings.Seed)),
        Duel("inference-programmed-mlp", "the same on a chip of programmed pairs, a day after programming, with drift compensation ÷ digital inference", 1.6, 1.3,
            bench => new InferenceContest(bench.Digits, (model, seed) => model.Program(PcmPresets.Inference, seed).DriftTo(Units.Day), bench.Settings.Seed)),
        Duel("inference-programmed-minilm", "32 sentences of 16 tokens through an encoder of the size of all-MiniLM-L6-v2 on a chip, a day after programming, with drift compensation ÷ digital inference", 1.5, 1.2,
            bench => new EncoderContest(bench.Settings.Seed)),
        Shared("in-memory", (model, seed) => { model.ToAnalog(BenchmarkHardware.EightBitForward, seed); return null; }),
        Shared("hardware-aware", HardwareAware.ConvertForInference),
        Shared("programmed", (model, seed) => model.Program(PcmPresets.Inference, seed).DriftTo(Units.Day)),
        Duel("mlnet-fit", "fit of a digital network in an ML.NET pipeline, 4,000 rows, 64-64-10, batch 16, 5 epochs, from data view to transformer ÷ the bare TorchSharp loop", 1.15, 1.05,
            bench => new PipelineContest(bench.Settings.Seed)),
    ];

    private static BenchmarkRow Twin(string name, string what, double bound, double aim, Func<long, TwinContest> contest) =>
        Duel(name, what, bound, aim, bench => contest(bench.Settings.Seed));

    // 1.6 times the throughput of one thread is 2 / 1.6 of its time for twice the work.
    private static BenchmarkRow Shared(string way, Func<Sequential, long, IDisposable?> deploy) =>
        Duel($"shared-{way}", $"two threads that evaluate one network of two layers 512×512, batch 64, {way}, ÷ one thread that does half of the work", 1.25, 1.1,
            bench => new SharedContest(deploy, bench.Settings.Seed));

    private static BenchmarkRow Update(double density, double bound, double aim) =>
        Duel(FormattableString.Invariant($"update-{density}"),
            FormattableString.Invariant($"pulsed update alone, 512×512, batch 64, 31 slots, soft bounds with cycle noise, {density} coincidences ÷ digital step"), bound, aim,
            bench => new UpdateContest(Size, Batch, density, bench.Settings.Seed));

    private static BenchmarkRow Rule(string name, string what, double bound, TileConfig rule) =>
        Duel(name, $"step of 512×512, batch 64, 0.03 coincidences, {what} ÷ the plain pulsed step of the same device", bound, 1.2,
            bench => new RuleContest(rule, Size, Batch, 0.03, bench.Settings.Seed));

    private static BenchmarkRow Epoch(string name, TileConfig hardware, int batch, double rate, int steps, int segments, double bound, double aim) =>
        Duel(name, FormattableString.Invariant($"training of 784-250-125-10 on digits, batch {batch}, learning rate {rate}, {steps:N0} steps a segment ÷ digital training"), bound, aim, bench =>
        {
            // Quick segments, too, hold refreshes and transfers in proportion.
            var (quickSteps, quickSegments) = batch > 1 ? (steps, 3) : steps > 2000 ? (steps, 2) : (500, 5);
            return bench.Settings.Quick
                ? new EpochContest(hardware, bench.Digits, batch, rate, quickSteps, quickSegments, bench.Settings.Seed)
                : new EpochContest(hardware, bench.Digits, batch, rate, steps, segments, bench.Settings.Seed);
        });

    private static BenchmarkRow Duel(string name, string what, double bound, double aim, Func<BenchmarkBench, Contest> contest) =>
        new(name, what, BenchmarkRow.Times, bound, aim, bench => bench.Measure(() => contest(bench)));

    private static BenchmarkRow Memory(string hardware, double bound, double aim) =>
        new($"memory-{hardware}", hardware == MemoryTask.Inference ? "memory of a layer that infers, per weight" : "memory of a layer after a training step, per weight",
            BenchmarkRow.Bytes, bound, aim, bench => bench.Weigh(hardware));
}

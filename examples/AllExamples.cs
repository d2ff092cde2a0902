using AnalogTorch.Examples.Algorithms;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Examples.Convert;
using AnalogTorch.Examples.Convnet;
using AnalogTorch.Examples.Drift;
using AnalogTorch.Examples.Energy;
using AnalogTorch.Examples.Equivalence;
using AnalogTorch.Examples.Language;
using AnalogTorch.Examples.Lstm;
using AnalogTorch.Examples.Mnist;
using AnalogTorch.Examples.Pipelines;
using AnalogTorch.Examples.Programming;
using AnalogTorch.Examples.Torture;
using AnalogTorch.Examples.Transfer;
using AnalogTorch.Examples.Verification;

namespace AnalogTorch.Examples;

/// <summary>The examples, in the order of the help page.</summary>
internal static class AllExamples
{
    /// <summary>One of each.</summary>
    public static IReadOnlyList<Example> Create() =>
    [
        new MnistExample(), new ConvnetExample(), new EquivalenceExample(), new AlgorithmsExample(), new ConvertExample(), new ProgramExample(), new DriftExample(), new LstmExample(), new LanguageExample(), new TransferExample(),
        new EnergyExample(), new PipelineExample(), new BenchmarkExample(), new VerifyExample(), new TortureExample(),
    ];
}

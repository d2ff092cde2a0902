using AnalogTorch.Examples;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Examples.Convert;
using AnalogTorch.Examples.Convnet;
using AnalogTorch.Examples.Drift;
using AnalogTorch.Examples.Energy;
using AnalogTorch.Examples.Lstm;
using AnalogTorch.Examples.Mnist;
using AnalogTorch.Examples.Pipelines;
using AnalogTorch.Examples.Programming;
using AnalogTorch.Examples.Torture;
using AnalogTorch.Examples.Transfer;
using AnalogTorch.Tiles;

// No loop of these programs looks at gradients but by clipping, which the build leads to tiles; one of the benchmarks asks for their size.
using var noLook = GradientAccess.Assume(looks: false);
return args switch
{
    [TrainingProcess.Argument, var kind] => TrainingProcess.Serve(kind),
    [MemoryProcess.Argument] => MemoryProcess.Serve(),
    [TortureProcess.Argument, .. var task] => TortureProcess.Serve(task),
    _ => new ExampleProgram([new MnistExample(), new ConvnetExample(), new ConvertExample(), new ProgramExample(), new DriftExample(), new LstmExample(), new TransferExample(), new EnergyExample(), new PipelineExample(), new BenchmarkExample(), new TortureExample()]).Run(args),
};

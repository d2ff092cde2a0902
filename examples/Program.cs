using AnalogTorch.Examples;
using AnalogTorch.Examples.Benchmarks;
using AnalogTorch.Examples.Torture;
using AnalogTorch.Tiles;

// No loop of these programs looks at gradients but by clipping, which the build leads to tiles; one of the benchmarks asks for their size.
using var noLook = GradientAccess.Assume(looks: false);
return args switch
{
    [TrainingProcess.Argument] => TrainingProcess.Serve(),
    [MemoryProcess.Argument] => MemoryProcess.Serve(),
    [TortureProcess.Argument, .. var task] => TortureProcess.Serve(task),
    _ => new ExampleProgram(AllExamples.Create()).Run(args),
};

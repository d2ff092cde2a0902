namespace AnalogTorch.Tests.Packages;

/// <summary>What users outside the repository write. Every one touches torch before any type of AnalogTorch.</summary>
internal static class OutsidePrograms
{
    /// <summary>What every program prints.</summary>
    public const string Greeting = "the sum is 3";

    /// <summary>Prints the greeting (after the loader is installed, if so told), converts a network and prints the files that TorchSharp's native library was loaded from.</summary>
    public const string CSharp = $$"""
        using AnalogTorch.Layers;
        using AnalogTorch.Presets;
        using static TorchSharp.torch;

        if (args is ["install"])
            AnalogTorch.TorchNativeLoader.Install();
        System.Console.WriteLine($"the sum is {ones(3).sum().item<float>()}");
        using var model = nn.Sequential(("fc", nn.Linear(4, 2)));
        System.Console.WriteLine(model.ToAnalog(PcmPresets.MspLsp, seed: 1));
        if (System.OperatingSystem.IsLinux())
        {
            foreach (var line in System.IO.File.ReadLines("/proc/self/maps"))
            {
                if (line.Contains("LibTorchSharp") && line.Contains("r-xp"))
                    System.Console.WriteLine("loaded: " + line.Substring(line.IndexOf('/')));
            }
        }
        """;

    /// <summary>Begins as the documentation's F# does, and leaves out what C# leaves out.</summary>
    public const string FSharp = """
        open AnalogTorch.Layers
        open AnalogTorch.Optim
        open AnalogTorch.Presets
        open TorchSharp
        open type TorchSharp.torch

        let model = nn.Sequential(struct ("fc1", nn.Linear(16L, 8L) :> nn.Module<Tensor, Tensor>), struct ("act1", nn.Tanh()), struct ("fc2", nn.Linear(8L, 4L)))
        let report = model.ToAnalog(PcmPresets.MspLsp, 42L)
        printfn $"{report}"
        let optimizer = new AnalogSGD(model.parameters(), 0.01)
        for step in 1 .. 10 do
            use scope = NewDisposeScope()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model.call(rand(1L, 16L)), zeros(1L, ScalarType.Int64)).backward()
            optimizer.step() |> ignore

        open AnalogTorch.Core
        open AnalogTorch.Energy
        open AnalogTorch.Inference
        let network = nn.Linear(4L, 2L)
        use chip = network.Program(PcmPresets.Inference)
        chip.DriftTo(Units.Day) |> ignore
        chip.Dispose()
        printfn "%g J" (network.EstimateCost(Duration90nm(), rand(1L, 4L), PcmPresets.Inference)).JoulesPerInference
        printfn "the sum is %g" (torch.ones(3L).sum().item<float32>())
        """;

    public const string VisualBasic = """
        Module Program
            Sub Main()
                System.Console.WriteLine("the sum is " & TorchSharp.torch.ones(3).sum().item(Of Single)())
            End Sub
        End Module
        """;

    public const string Suite = """
        public class Suite
        {
            [Xunit.Fact]
            public void TorchLoads() => Xunit.Assert.Equal(3f, TorchSharp.torch.ones(3).sum().item<float>());
        }
        """;

    public static string Project(string references, string properties = "<OutputType>Exe</OutputType>", string more = "") =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>{properties}</PropertyGroup>
          <ItemGroup>{references}</ItemGroup>
          {more}
        </Project>
        """;

    public static string SuiteProject { get; } =
        Project(OutsideFolder.ByProject + OutsideFolder.Packages("xunit", "xunit.runner.visualstudio", "Microsoft.NET.Test.Sdk"), properties: "");
}

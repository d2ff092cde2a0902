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

    public const string FSharp = """printfn "the sum is %g" (TorchSharp.torch.ones(3L).sum().item<float32>())""";

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

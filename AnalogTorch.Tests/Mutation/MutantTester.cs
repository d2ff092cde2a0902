using System.Globalization;
using System.Reflection;
using AnalogTorch.Core;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace AnalogTorch.Tests.Mutation;

/// <summary>A process that runs the tests of one mutant after another, until one of them fails, on the library that lies beside it.</summary>
internal static class MutantTester
{
    public const string Argument = "--mutant-tests";

    private static readonly MethodInfo[] Tests =
        [.. typeof(MutantTester).Assembly.GetTypes().Where(type => !type.IsAbstract).SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null })];

    /// <summary>
    /// Reads lines of a mutant's number and the parts of names of its tests; answers each with the first test that fails, or with none.
    /// </summary>
    public static int Run()
    {
        var active = typeof(HardwareConfig).Assembly.GetType(Switches.TypeName)?.GetField("Number");
        while (Console.ReadLine() is { } line)
        {
            var words = line.Split('\t');
            active?.SetValue(null, int.Parse(words[0], CultureInfo.InvariantCulture));
            Console.WriteLine($"{MutationRun.Answer}{Failure(words[1..])}");
        }
        return 0;
    }

    private static string? Failure(string[] parts)
    {
        foreach (var part in parts)
        {
            // Behind a bracket, what the arguments of a theory begin with.
            var (name, row) = part.Split('(') is [var before, var after] ? (before, after) : (part, "");
            var chosen = Tests.Where(test => $"{test.DeclaringType!.FullName}.{test.Name}".Contains(name, StringComparison.Ordinal)).ToArray();
            if (chosen.Length == 0)
                return $"there is no test {name}";
            if (chosen.Select(test => Failure(test, row)).FirstOrDefault(failure => failure is not null) is { } failure)
                return failure;
        }
        return null;
    }

    private static string? Failure(MethodInfo test, string row)
    {
        try
        {
            foreach (var arguments in Data(test).Where(arguments => $"{arguments.FirstOrDefault()}".StartsWith(row, StringComparison.Ordinal)))
            {
                var instance = test.IsStatic ? null : Activator.CreateInstance(test.DeclaringType!,
                    test.DeclaringType!.GetConstructors()[0].GetParameters().Length == 0 ? [] : [new TestOutputHelper()]);
                using var disposable = instance as IDisposable;
                (test.Invoke(instance, arguments) as Task)?.GetAwaiter().GetResult();
            }
            return null;
        }
        catch (Exception e) // whatever it is, the test has failed
        {
            var cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            return $"{test.DeclaringType!.Name}.{test.Name}: {cause.Message.Split('\n')[0]}";
        }
    }

    private static IEnumerable<object?[]> Data(MethodInfo test)
    {
        var sources = test.GetCustomAttributes<DataAttribute>().ToArray();
        return sources.Length == 0 ? [[]] : sources.SelectMany(source => source.GetData(test) ?? []);
    }

    private sealed class TestOutputHelper : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }
}

namespace AnalogTorch.Models.MlNet;

/// <summary>Names of types in saved models: with their assembly, without its version.</summary>
internal static class TypeNames
{
    public static string Of(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    /// <exception cref="InvalidDataException">There is no such type.</exception>
    public static Type Find(string name) => Type.GetType(name)
        ?? throw new InvalidDataException($"The saved network needs the type '{name}', which cannot be found: put its assembly beside the program.");
}
